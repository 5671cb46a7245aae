using Kvs.Core.Engines.Commit.Groups;
using Kvs.Core.Index;
using Kvs.Core.Primitives;

namespace Kvs.Core.Engines.Compaction;

/// <summary>
/// Moves of index entries from where compaction has read records to where it has copied them, on their way to the
/// commit thread, which is the only writer of the index. An entry that points elsewhere by now (overwritten, removed)
/// stays. Moves take no sequence and are not logged: the files say the same with either place.
/// Threading: guarded by its gate; <see cref="Apply"/> and <see cref="Abandon"/> on the commit thread.
/// </summary>
internal sealed class EntryMoves
{
    /// <summary>Moves in one group at most: they hold index pages, and writes wait behind them.</summary>
    private const int MovesMax = 1024;

    private readonly Lock _gate = new();
    private readonly Queue<EntryMove> _waiting = new(); // guarded by _gate
    private readonly List<EntryMove> _taken = []; // commit thread only
    private readonly Queue<(ulong Root, EntryMove Move)> _unpublished = new(); // commit thread only
    private ulong _appliedIn; // guarded by _gate: number of the root with the newest applied moves

    /// <summary>Whether moves wait to be applied.</summary>
    internal bool HasAny
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count > 0;
            }
        }
    }

    /// <summary>
    /// The number of the root with the newest moves, once none is waiting; null while some are. When that root is
    /// published, all moves are.
    /// </summary>
    internal ulong? AppliedIn
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count == 0 && _taken.Count == 0 ? _appliedIn : null;
            }
        }
    }

    /// <summary>Hands moves over. The bytes at the new places must be synced and counted as live.</summary>
    /// <param name="moves">The moves.</param>
    internal void Add(List<EntryMove> moves)
    {
        lock (_gate)
        {
            foreach (var move in moves)
            {
                _waiting.Enqueue(move);
            }
        }
    }

    /// <summary>Applies waiting moves to the working state, as part of a group.</summary>
    /// <param name="index">The index.</param>
    /// <param name="group">The group.</param>
    internal void Apply(KeyIndex index, CommitGroup group)
    {
        Take();
        foreach (var move in _taken)
        {
            // Key and sequence name one record; it lies at the old place or at the new one.
            if (index.TryFind(move.Key, out var entry) && entry.Sequence == move.Sequence)
            {
                var from = entry.Location;
                Check.That(from.SegmentId != move.To.SegmentId && from.Length == move.To.Length);
                index.Set(move.Key, entry with { Location = move.To }, out _);
                group.Dead.Add(new DeadRecord(from.SegmentId, from.Length));
            }
            else
            {
                group.Dead.Add(new DeadRecord(move.To.SegmentId, move.To.Length));
            }
        }

        group.Moves = _taken.Count;
    }

    /// <summary>Notes in which root the moves of a group are.</summary>
    /// <param name="group">The group, with its root.</param>
    /// <param name="published">Number of the published root.</param>
    internal void Applied(CommitGroup group, ulong published)
    {
        Forget(published);
        if (group.Moves > 0)
        {
            foreach (var move in _taken)
            {
                _unpublished.Enqueue((group.Root!.Number, move));
            }

            lock (_gate)
            {
                _taken.Clear();
                _appliedIn = group.Root!.Number;
            }
        }
    }

    /// <summary>
    /// The roots behind the published one are dropped, and with them the moves in them: they wait again.
    /// </summary>
    /// <param name="published">Number of the published root.</param>
    internal void Retake(ulong published)
    {
        Forget(published);
        lock (_gate)
        {
            for (var later = _waiting.Count; later > 0; later--)
            {
                _unpublished.Enqueue((0, _waiting.Dequeue()));
            }

            while (_unpublished.TryDequeue(out var dropped))
            {
                _waiting.Enqueue(dropped.Move);
            }
        }
    }

    /// <summary>After a fault: nothing is moved any more.</summary>
    internal void Abandon()
    {
        lock (_gate)
        {
            _waiting.Clear();
            _taken.Clear();
        }
    }

    private void Forget(ulong published)
    {
        while (_unpublished.TryPeek(out var oldest) && oldest.Root <= published)
        {
            _unpublished.Dequeue();
        }
    }

    private void Take()
    {
        lock (_gate)
        {
            Check.That(_taken.Count == 0);
            while (_taken.Count < MovesMax && _waiting.TryDequeue(out var move))
            {
                _taken.Add(move);
            }
        }
    }
}

/// <summary>A record that was copied.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Sequence">Its sequence.</param>
/// <param name="To">Where its copy is.</param>
internal readonly record struct EntryMove(byte[] Key, ulong Sequence, RecordLocation To);
