using Kvs.Core.Primitives;

namespace Kvs.Core.Protocol.Cluster.Messages;

/// <summary>The primary's answer to <see cref="ReplicaHello"/>.</summary>
/// <param name="Epoch">The epoch that the primary leads.</param>
/// <param name="Verdict">How the follower comes to the primary's log.</param>
/// <param name="Match">The last batch that both logs share; nothing behind it stays in the follower's.</param>
/// <param name="FirstStreamable">Oldest sequence that the primary can still stream.</param>
/// <param name="Counts">Whether acknowledgements of this follower count (false for a learner).</param>
/// <param name="Reason">For people, when it is refused.</param>
internal sealed record ReplicaHelloAck(
    ulong Epoch,
    CatchUpVerdict Verdict,
    KvsVersion Match,
    ulong FirstStreamable,
    bool Counts,
    string Reason) : ClusterMessage(Epoch);

/// <summary>How a follower comes to the primary's log. Numbers are part of the protocol.</summary>
internal enum CatchUpVerdict
{
    /// <summary>Its log is a prefix of the primary's: the rest is streamed.</summary>
    Stream = 0,

    /// <summary>Its tail differs: it cuts its log to the match, durably, then the rest is streamed.</summary>
    Truncate = 1,

    /// <summary>The primary no longer holds what follows the match: a base copy first.</summary>
    BaseCopy = 2,

    /// <summary>It may not follow.</summary>
    Refuse = 3,
}
