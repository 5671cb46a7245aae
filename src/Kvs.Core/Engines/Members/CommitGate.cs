using Kvs.Core.Primitives;

namespace Kvs.Core.Engines.Members;

/// <summary>
/// How far the log is committed, which publication waits for. In a store of its own, everything that is durable is; a
/// member is told by replication. It also carries the order to give up what waits.
/// Threading: any thread; the commit thread alone opens and ends a retreat.
/// </summary>
/// <param name="committed">A member's: newest sequence known to be committed; null for a store of its own.</param>
internal sealed class CommitGate(ulong? committed)
{
    private ulong _committed = committed ?? ulong.MaxValue; // Interlocked; only grows
    private Refusal? _retreat; // published: Volatile

    /// <summary>Whether publication waits for replication.</summary>
    internal bool IsMember { get; } = committed is not null;

    /// <summary>Newest sequence known to be committed. It may lie behind the end of the log.</summary>
    internal ulong Committed => Volatile.Read(ref _committed);

    /// <summary>What to answer to all that is not published, while the pipeline is being emptied; null else.</summary>
    internal Refusal? Retreat => Volatile.Read(ref _retreat);

    /// <summary>Notes that more is committed; it never goes back.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <returns>Whether that was news.</returns>
    internal bool Raise(ulong sequence)
    {
        Check.That(IsMember);
        var seen = Committed;
        while (sequence > seen)
        {
            var before = Interlocked.CompareExchange(ref _committed, sequence, seen);
            if (before == seen)
            {
                return true;
            }

            seen = before;
        }

        return false;
    }

    /// <summary>Orders the sync thread to answer all that is not committed, and to give the groups back.</summary>
    /// <param name="refusal">The answer.</param>
    internal void BeginRetreat(Refusal refusal) => Volatile.Write(ref _retreat, refusal);

    /// <summary>The pipeline is empty.</summary>
    internal void EndRetreat() => Volatile.Write(ref _retreat, null);
}
