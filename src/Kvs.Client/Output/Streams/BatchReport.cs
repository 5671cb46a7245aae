using System.Globalization;
using System.Text.Json;

namespace Kvs.Client.Output.Streams;

/// <summary>The answer to a batch: applied wholly, or not at all and why.</summary>
internal sealed record BatchReport : ICommandResult
{
    /// <summary>How many operations it has.</summary>
    internal required int Operations { get; init; }

    /// <summary>The version token that it made; null when it changed nothing or was not applied.</summary>
    internal string? Version { get; init; }

    /// <summary>What each operation did, when it was applied.</summary>
    internal IReadOnlyList<BatchItem> Items { get; init; } = [];

    /// <summary>Why it was not applied; null when it was.</summary>
    internal string? Failure { get; init; }

    /// <summary>The input line of the operation that failed.</summary>
    internal long FailedLine { get; init; }

    /// <inheritdoc/>
    public ExitCode ExitCode { get; init; }

    /// <inheritdoc/>
    public string? Notice => Failure is null
        ? null
        : string.Create(
            CultureInfo.InvariantCulture, $"line {FailedLine}: {Failure}; nothing of the batch was applied");

    /// <inheritdoc/>
    public void WriteText(TextOutput output)
    {
        foreach (var item in Items)
        {
            if (item.Previous is { } previous)
            {
                output.Raw(previous.Span).EndLine();
            }
            else if (item.Counter is { } counter)
            {
                output.Text(counter.ToString(CultureInfo.InvariantCulture)).EndLine();
            }
        }

        if (Failure is null)
        {
            output.Text(Amount.Of(Operations, "operation", "operations")).Text(" applied").EndLine();
        }
    }

    /// <inheritdoc/>
    public void WriteJson(Utf8JsonWriter json)
    {
        json.WriteBoolean("applied", Failure is null);
        if (Failure is not null)
        {
            json.WriteNumber("failed_line", FailedLine);
            return;
        }

        if (Version is not null)
        {
            json.WriteString("version", Version);
        }

        json.WriteStartArray("results");
        foreach (var item in Items)
        {
            WriteItem(json, item);
        }

        json.WriteEndArray();
    }

    private static void WriteItem(Utf8JsonWriter json, in BatchItem item)
    {
        json.WriteStartObject();
        json.WriteBoolean("existed", item.Existed);
        if (item.Previous is { } previous)
        {
            json.WriteBytes("previous", previous.Span);
        }

        if (item.Counter is { } counter)
        {
            json.WriteNumber("value", counter);
        }

        json.WriteEndObject();
    }
}
