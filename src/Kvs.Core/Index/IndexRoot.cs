using Kvs.Core.Index.Pages;
using Kvs.Core.Index.Tree;
using Kvs.Core.Primitives;

namespace Kvs.Core.Index;

/// <summary>
/// One state of the index, frozen: what the keys were when a commit group ended. It becomes readable when it is
/// published; its pages stay while it is published, pinned or leased.
/// </summary>
/// <remarks>
/// Threading: immutable but for the count of leases. That count decides between a reader and the writer: a lease is
/// taken only while it is not closed (-1), and the writer closes it only from 0, when a later root is published.
/// </remarks>
internal sealed class IndexRoot
{
    private const int Closed = -1;
    private readonly Subtree _tree;
    private readonly int _height;
    private int _leases; // Interlocked

    internal IndexRoot(ulong number, in Subtree tree, int height, ulong sequence, long logTimeMillis, object? state)
    {
        Number = number;
        _tree = tree;
        _height = height;
        Sequence = sequence;
        LogTimeMillis = logTimeMillis;
        State = state;
    }

    /// <summary>Number of the group that ended with it; ascending, never used twice.</summary>
    internal ulong Number { get; }

    /// <summary>Newest sequence in it.</summary>
    internal ulong Sequence { get; }

    /// <summary>Log time of the state, unix milliseconds: an entry is visible while its expiry is later.</summary>
    internal long LogTimeMillis { get; }

    /// <summary>What the engine attached: immutable, as consistent with this root as its pages.</summary>
    internal object? State { get; }

    /// <summary>Keys in it, those included that expired and are not yet removed.</summary>
    internal long KeyCount => _tree.Count;

    /// <summary>Earliest expiry of all keys; <see cref="long.MaxValue"/> when nothing expires.</summary>
    internal long EarliestExpiryMillis => _tree.EarliestExpiryMillis;

    internal Subtree Tree => _tree;

    internal int Height => _height;

    internal TreeView View(PageArena arena) => new(arena, _tree, _height, Number);

    /// <summary>Takes a lease; fails only when the root is closed, and then a later one is published.</summary>
    internal bool TryAcquire()
    {
        var leases = Volatile.Read(ref _leases);
        while (leases != Closed)
        {
            var seen = Interlocked.CompareExchange(ref _leases, leases + 1, leases);
            if (seen == leases)
            {
                return true;
            }

            leases = seen;
        }

        return false;
    }

    /// <summary>Gives a lease back.</summary>
    internal void Release()
    {
        var left = Interlocked.Decrement(ref _leases);
        Check.That(left >= 0);
    }

    /// <summary>The writer: refuses leases from now on, unless one is held.</summary>
    internal bool TryClose() => Interlocked.CompareExchange(ref _leases, Closed, 0) is 0 or Closed;
}
