using System.Text.Json;

namespace Kvs.Client.Output.Cluster;

/// <summary>What a comparison of nodes found.</summary>
internal sealed record VerifyResult : ICommandResult
{
    /// <summary>Names of the nodes.</summary>
    internal IReadOnlyList<string> Nodes { get; init; } = [];

    /// <summary>Nodes that could not be asked, each with the reason.</summary>
    internal IReadOnlyList<string> Unreachable { get; init; } = [];

    /// <summary>Keys that were compared.</summary>
    internal long Keys { get; init; }

    /// <summary>Version token of the newest state.</summary>
    internal string Version { get; init; } = "";

    /// <summary>Keys that differ.</summary>
    internal IReadOnlyList<VerifiedKey> Differences { get; init; } = [];

    /// <summary>Keys that were written again and again while they were compared.</summary>
    internal IReadOnlyList<ReadOnlyMemory<byte>> Open { get; init; } = [];

    /// <inheritdoc/>
    public ExitCode ExitCode => (Differences.Count, Unreachable.Count, Open.Count) switch
    {
        ( > 0, _, _) => ExitCode.Missing,
        (_, > 0, _) => ExitCode.Unreachable,
        (_, _, > 0) => ExitCode.Unknown,
        _ => ExitCode.Done,
    };

    /// <inheritdoc/>
    public string? Notice => Unreachable.Count == 0
        ? null
        : string.Join('\n', Unreachable.Select(failure => $"not compared: {failure}"));

    /// <inheritdoc/>
    public void WriteText(TextOutput output)
    {
        foreach (var key in Differences)
        {
            output.Escaped(key.Key.Span).Text($": {Told(key)}").EndLine();
        }

        foreach (var key in Open)
        {
            output.Escaped(key.Span).Text(": written too often to tell; verify again when it rests").EndLine();
        }

        var nodes = Amount.Of(Nodes.Count - Unreachable.Count, "node", "nodes");
        var found = Differences.Count == 0 ? "no difference" : Amount.Of(Differences.Count, "difference", "differences");
        output.Text($"{nodes}, {Amount.Of(Keys, "key", "keys")}: {found}").EndLine();
    }

    /// <inheritdoc/>
    public void WriteJson(Utf8JsonWriter json)
    {
        json.WriteNumber("nodes", Nodes.Count - Unreachable.Count);
        json.WriteNumber("keys", Keys);
        json.WriteString("version", Version);
        json.WriteStartArray("differences");
        foreach (var key in Differences)
        {
            json.WriteStartObject();
            json.WriteBytes("key", key.Key.Span);
            WriteSide(json, "node", key.Node, "version", key.Version);
            WriteSide(json, "other", key.Other, "other_version", key.OtherVersion);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("open", Open.Count);
        json.WriteStartArray("not_compared");
        foreach (var failure in Unreachable)
        {
            json.WriteStringValue(failure);
        }

        json.WriteEndArray();
    }

    private static string Told(VerifiedKey key) => (key.Version, key.OtherVersion) switch
    {
        (null, var there) => $"missing on {key.Node}, version {there} on {key.Other}",
        (var there, null) => $"version {there} on {key.Node}, missing on {key.Other}",
        var (one, other) when one == other => $"another value on {key.Node} than on {key.Other}, both of version {one}",
        var (one, other) => $"version {one} on {key.Node}, version {other} on {key.Other}",
    };

    private static void WriteSide(Utf8JsonWriter json, string nodeName, string node, string versionName, string? version)
    {
        json.WriteString(nodeName, node);
        if (version is not null)
        {
            json.WriteString(versionName, version);
        }
    }
}
