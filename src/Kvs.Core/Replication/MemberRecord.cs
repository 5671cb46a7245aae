using System.Collections.Immutable;

namespace Kvs.Core.Replication;

/// <summary>
/// What a node must remember about its group through a crash, beside its log. Small; replaced as a whole, durably,
/// before the node acts on it. A directory that has one never opens as a standalone store.
/// </summary>
internal sealed record MemberRecord
{
    /// <summary>Id of the store; an empty replica adopts that of its first primary.</summary>
    internal required UInt128 StoreId { get; init; }

    /// <summary>Drawn anew when this node's disk was lost. Its own, never copied.</summary>
    internal UInt128 Incarnation { get; init; }

    /// <summary>
    /// Highest epoch that this node has promised to anybody, itself included. It never decreases: a promise that was
    /// forgotten could be given twice, and two nodes would lead one epoch's worth of history (I2, I8).
    /// </summary>
    internal ulong PromisedEpoch { get; init; }

    /// <summary>The node that <see cref="PromisedEpoch"/> was promised to; empty for nobody.</summary>
    internal string Candidate { get; init; } = "";

    /// <summary>Who this node is in its group; empty until it was told.</summary>
    internal string Self { get; init; } = "";

    /// <summary>
    /// Static mode: the list that this node belongs to. A store without it counts in no seal and no commit: it may
    /// have lost its disk, and with it batches and promises that others rely on.
    /// </summary>
    internal ImmutableArray<string> Members { get; init; } = [];

    /// <summary>
    /// Static mode: whether this node has begun the list, and does not know yet whether the others hold it. Without the
    /// list, it has given it to nobody; with it, it gives it to those that have promised before (decision 0013). Ends when
    /// they hold it, and when this node promises an epoch to another, which has found a majority that holds it.
    /// </summary>
    internal bool IsFounding { get; init; }

    /// <summary>
    /// With a control plane: the newest election in which this node stood, until it is known how it ended; null for none.
    /// Durable before it stands. While it is there, this node promises nothing to a primary: the election may still be
    /// won, and a promise not to stand would have been broken before it was given.
    /// </summary>
    internal CampaignRecord? Campaign { get; init; }

    /// <summary>
    /// Whether its data was found not to be the group's: it takes no part, serves nothing and keeps its files, until a person
    /// empties its directory.
    /// </summary>
    internal bool IsDiverged { get; init; }

    /// <summary>Whether this node belongs to a list, and keeps what it has promised there.</summary>
    internal bool HasList => !Members.IsEmpty;
}

/// <summary>An election in which a node stands.</summary>
/// <param name="Epoch">The epoch that it would lead.</param>
/// <param name="Revision">
/// The revision of the group's record that its compare-and-set names: once the record has another, the election is over.
/// </param>
internal sealed record CampaignRecord(ulong Epoch, long Revision);
