using System.Reflection;

namespace Kvs.Server.Configuration;

/// <summary>The version that the program shows: that of the product, without the commit.</summary>
internal static class ServerVersion
{
    /// <summary>For example 0.1.0.</summary>
    internal static string Text { get; } = Read();

    private static string Read()
    {
        var assembly = typeof(ServerVersion).Assembly;
        var text = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
            ?? assembly.GetName().Version?.ToString(3)
            ?? "unknown";
        var plus = text.IndexOf('+', StringComparison.Ordinal);
        return plus < 0 ? text : text[..plus];
    }
}
