using Kvs.Core.Primitives;

namespace Kvs.Core.Protocol.Cluster.Messages;

/// <summary>What a node's log holds and what it has promised.</summary>
internal sealed record LogReport
{
    /// <summary>Who it is; in static mode, who the dialler says it is.</summary>
    internal required string NodeId { get; init; }

    /// <summary>Id of its store.</summary>
    internal required UInt128 StoreId { get; init; }

    /// <summary>Drawn anew when its disk was lost.</summary>
    internal UInt128 Incarnation { get; init; }

    /// <summary>Highest epoch that it has promised; 0 for none.</summary>
    internal ulong PromisedEpoch { get; init; }

    /// <summary>To whom; empty for nobody.</summary>
    internal string Candidate { get; init; } = "";

    /// <summary>Whether it holds the sender's list (static mode).</summary>
    internal ListState List { get; init; }

    /// <summary>End of its log.</summary>
    internal KvsVersion Last { get; init; }

    /// <summary>Newest sequence that it knows to be committed.</summary>
    internal ulong Commit { get; init; }

    /// <summary>Whether its opening cut something off, so that a longer log of another node is to be preferred.</summary>
    internal bool TailCut { get; init; }

    /// <summary>Whether it has given a promise to a primary that still holds, or is the primary and holds its lease.</summary>
    internal bool HearsPrimary { get; init; }

    /// <summary>Milliseconds since the last beacon; <see cref="uint.MaxValue"/> when there was none.</summary>
    internal uint SinceBeaconMillis { get; init; } = uint.MaxValue;

    /// <summary>Whether it is the primary and holds its lease.</summary>
    internal bool Leads => HearsPrimary && Candidate == NodeId;

    /// <summary>Whether nothing was ever written to its store.</summary>
    internal bool IsEmpty => Last == KvsVersion.None;

    /// <summary>Whether it can take no part with a store: it holds another, or another list.</summary>
    /// <param name="storeId">The store.</param>
    internal bool IsStrangerTo(UInt128 storeId) => List == ListState.Other || (!IsEmpty && StoreId != storeId);
}

/// <summary>What a node has durably recorded of a list of replicas. Numbers are part of the protocol.</summary>
internal enum ListState
{
    /// <summary>No list: it counts in no seal and no commit.</summary>
    None = 0,

    /// <summary>The same list, of the same store.</summary>
    Same = 1,

    /// <summary>Another list, or another store: it refuses.</summary>
    Other = 2,

    /// <summary>
    /// The same list, of the same store; but batches that it has acknowledged may be missing. It keeps its promises, and
    /// counts in no seal and no commit until it has caught up with a primary.
    /// </summary>
    Behind = 3,
}
