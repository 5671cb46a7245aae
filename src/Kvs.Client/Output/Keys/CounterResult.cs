using System.Globalization;
using System.Text.Json;

namespace Kvs.Client.Output.Keys;

/// <summary>The new value of a counter.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">Its value after the increment.</param>
internal sealed record CounterResult(ReadOnlyMemory<byte> Key, long Value) : ICommandResult
{
    /// <inheritdoc/>
    public ExitCode ExitCode => ExitCode.Done;

    /// <inheritdoc/>
    public void WriteText(TextOutput output) => output.Text(Value.ToString(CultureInfo.InvariantCulture)).EndLine();

    /// <inheritdoc/>
    public void WriteJson(Utf8JsonWriter json)
    {
        json.WriteBytes("key", Key.Span);
        json.WriteNumber("value", Value);
    }
}
