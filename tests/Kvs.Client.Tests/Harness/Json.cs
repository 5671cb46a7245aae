using System.Text.Json;

namespace Kvs.Client.Tests.Harness;

/// <summary>Reads JSON lines in tests.</summary>
internal static class Json
{
    /// <summary>The objects of the lines.</summary>
    /// <param name="text">The lines.</param>
    /// <returns>One element for each.</returns>
    internal static List<JsonElement> Lines(string text)
    {
        var elements = new List<JsonElement>();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var document = JsonDocument.Parse(line);
            elements.Add(document.RootElement.Clone());
        }

        return elements;
    }

    /// <summary>The object of the only line.</summary>
    /// <param name="text">The line.</param>
    /// <returns>Its element.</returns>
    internal static JsonElement Line(string text) => Lines(text).Single();

    /// <summary>The names of the members, in order.</summary>
    /// <param name="element">An object.</param>
    /// <returns>The names, with blanks between.</returns>
    internal static string Members(this JsonElement element) =>
        string.Join(' ', element.EnumerateObject().Select(member => member.Name));
}
