using System.Collections.Immutable;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Manifests;

namespace Kvs.Core.Replication;

/// <summary>What the opening of the log has found. Everything in it is durable.</summary>
internal sealed record NodeStart
{
    /// <summary>The node's own record.</summary>
    internal required MemberRecord Record { get; init; }

    /// <summary>The epochs of the log in order.</summary>
    internal ImmutableArray<EpochEntry> Epochs { get; init; } = [];

    /// <summary>End of the log.</summary>
    internal KvsVersion Last { get; init; }

    /// <summary>Newest sequence that is known to be committed; a lower bound.</summary>
    internal ulong Commit { get; init; }

    /// <summary>Oldest sequence that the log can still stream.</summary>
    internal ulong FirstStreamable { get; init; } = 1;

    /// <summary>Whether the opening cut a torn tail off.</summary>
    internal bool TailCut { get; init; }

    /// <summary>
    /// Whether batches that this node had acknowledged may be missing: it did not stop cleanly, under a durability that
    /// acknowledges before the sync. It then counts as a node that has lost its disk.
    /// </summary>
    internal bool MayHaveLost { get; init; }
}
