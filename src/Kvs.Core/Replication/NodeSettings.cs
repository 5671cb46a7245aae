using System.Collections.Immutable;

namespace Kvs.Core.Replication;

/// <summary>What a node is told once, at its start.</summary>
internal sealed record NodeSettings
{
    /// <summary>
    /// Who it is: with a control plane its configured name; in static mode its advertised address when it is the
    /// configured primary, else empty, for a replica learns from its dialler who it is.
    /// </summary>
    internal string NodeId { get; init; } = "";

    /// <summary>
    /// Static mode, the configured primary: all members in order, itself included. Empty for a replica.
    /// </summary>
    internal ImmutableArray<string> Members { get; init; } = [];

    /// <summary>With a control plane: the least size of the in-sync set of a group that this node founds.</summary>
    internal int MinInSync { get; init; } = 2;

    /// <summary>With a control plane: whether this node, when it is new, is taken into the in-sync set by itself.</summary>
    internal bool JoinsByItself { get; init; } = true;

    /// <summary>When a write is answered.</summary>
    internal AckMode Acks { get; init; } = AckMode.Quorum;

    /// <summary>The times.</summary>
    internal NodeTimings Timings { get; init; } = new();

    /// <summary>Bytes in flight to one follower (32 MiB); a follower may ask for less.</summary>
    internal uint WindowBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>
    /// Bytes that the primary has appended and that are not committed (256 MiB). Beyond it writes are refused as
    /// overloaded; under <see cref="AckMode.Local"/> it bounds what is answered and not readable.
    /// </summary>
    internal long UncommittedBytesMax { get; init; } = 256L * 1024 * 1024;
}

/// <summary>When a write is answered.</summary>
internal enum AckMode
{
    /// <summary>When it is durable on a majority of the list (static mode).</summary>
    Quorum,

    /// <summary>When it is durable on all in-sync replicas (with a control plane).</summary>
    InSync,

    /// <summary>When it is durable here; it becomes visible at its commit all the same.</summary>
    Local,
}
