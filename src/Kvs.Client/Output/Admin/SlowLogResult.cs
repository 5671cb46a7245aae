using System.Globalization;
using System.Text.Json;

namespace Kvs.Client.Output.Admin;

/// <summary>The newest requests that took long: a table, or one JSON object with a list.</summary>
/// <param name="Entries">The entries, the newest first.</param>
internal sealed record SlowLogResult(IReadOnlyList<SlowRequestView> Entries) : ICommandResult
{
    private const string TimeFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";

    private static readonly string[] Heads = ["ID", "TIME", "TOOK", "OPERATION", "RESULT", "BYTES", "REQUESTS", "CLIENT", "KEY"];

    /// <inheritdoc/>
    public ExitCode ExitCode => ExitCode.Done;

    /// <inheritdoc/>
    public void WriteText(TextOutput output)
    {
        List<string[]> rows = [Heads, .. Entries.Select(RowOf)];
        var widths = Enumerable.Range(0, Heads.Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
        {
            var line = string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column])));
            output.Text(line.TrimEnd()).EndLine();
        }
    }

    /// <inheritdoc/>
    public void WriteJson(Utf8JsonWriter json)
    {
        json.WriteStartArray("entries");
        foreach (var entry in Entries)
        {
            WriteEntry(json, entry);
        }

        json.WriteEndArray();
    }

    private static string[] RowOf(SlowRequestView entry) =>
    [
        Number(entry.Id),
        TimeOf(entry),
        Durations.Format(entry.Duration),
        entry.Operation,
        entry.Result,
        Number(entry.Bytes),
        Number(entry.Requests),
        entry.Door.Length > 0 ? $"{entry.Door} {entry.Client}" : "-",
        entry.KeyBytes == 0 ? "-" : entry.Key,
    ];

    private static void WriteEntry(Utf8JsonWriter json, SlowRequestView entry)
    {
        json.WriteStartObject();
        json.WriteNumber("id", entry.Id);
        json.WriteString("time", TimeOf(entry));
        json.WriteNumber("ms", Math.Round(entry.Duration.TotalMilliseconds, 3));
        json.WriteString("operation", entry.Operation);
        json.WriteString("result", entry.Result);
        json.WriteString("key", entry.Key);
        json.WriteNumber("key_bytes", entry.KeyBytes);
        json.WriteNumber("bytes", entry.Bytes);
        json.WriteNumber("requests", entry.Requests);
        json.WriteString("door", entry.Door);
        json.WriteString("client", entry.Client);
        json.WriteEndObject();
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string TimeOf(SlowRequestView entry) => entry.At.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);
}
