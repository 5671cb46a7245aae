using System.Text.Json;

namespace Kvs.Client.Output.Cluster;

/// <summary>What a node knows of its cluster: named figures, then a table of the nodes.</summary>
/// <param name="Figures">The figures, in order; those that say nothing are left out of the text.</param>
/// <param name="Nodes">The nodes.</param>
internal sealed record ClusterStatusResult(IReadOnlyList<Admin.Figure> Figures, IReadOnlyList<NodeView> Nodes) : ICommandResult
{
    private static readonly string[] Heads = ["NODE", "ADDRESS", "ROLE", "STATE", "IN SYNC", "LAG", "APPLIED"];

    /// <inheritdoc/>
    public ExitCode ExitCode => ExitCode.Done;

    /// <inheritdoc/>
    public void WriteText(TextOutput output)
    {
        new Admin.FiguresResult([.. Figures.Where(figure => figure.Text is { Length: > 0 } || figure.Number is not null)])
            .WriteText(output);
        output.EndLine();
        List<string[]> rows = [Heads, .. Nodes.Select(RowOf)];
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
        new Admin.FiguresResult([.. Figures.Where(figure => figure.Text is not null || figure.Number is not null)]).WriteJson(json);
        json.WriteStartArray("nodes");
        foreach (var node in Nodes)
        {
            WriteNode(json, node);
        }

        json.WriteEndArray();
    }

    private static string[] RowOf(NodeView node) =>
    [
        node.Node,
        node.Address,
        node.Role,
        node.State,
        node.InSync ? "yes" : "no",
        node.LagBytes == 0 ? "-" : $"{Amount.Of(node.LagBytes, "byte", "bytes")}, {Durations.Format(node.Lag)}",
        node.Applied ?? "-",
    ];

    private static void WriteNode(Utf8JsonWriter json, NodeView node)
    {
        json.WriteStartObject();
        json.WriteString("node", node.Node);
        json.WriteString("address", node.Address);
        json.WriteString("role", node.Role);
        json.WriteString("state", node.State);
        json.WriteBoolean("in_sync", node.InSync);
        json.WriteNumber("lag_bytes", node.LagBytes);
        json.WriteNumber("lag_ms", (long)node.Lag.TotalMilliseconds);
        if (node.Applied is not null)
        {
            json.WriteString("applied", node.Applied);
        }

        if (node.Durable is not null)
        {
            json.WriteString("durable", node.Durable);
        }

        json.WriteEndObject();
    }
}
