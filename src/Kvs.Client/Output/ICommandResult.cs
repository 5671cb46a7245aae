using System.Text.Json;

namespace Kvs.Client.Output;

/// <summary>
/// What a command found or did, ready to be written in either format. Results hold plain values: a command makes them
/// from what the store answered, and neither knows how the other does its part.
/// </summary>
internal interface ICommandResult
{
    /// <summary>The exit code that this result calls for.</summary>
    ExitCode ExitCode { get; }

    /// <summary>A line for stderr, in both formats; null for none.</summary>
    string? Notice => null;

    /// <summary>Writes it as text; nothing where the contract asks for silence.</summary>
    /// <param name="output">Where to.</param>
    void WriteText(TextOutput output);

    /// <summary>Writes the members of its JSON object.</summary>
    /// <param name="json">Inside the object.</param>
    void WriteJson(Utf8JsonWriter json);
}
