using Kvs.Core.Primitives;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Storage.Feed;

/// <summary>
/// The log as something to be read from while it is written: which segments hold which sequences without a gap, and how
/// far the last one is written. It hands out cursors and wakes those that wait at the end. It holds places only; the
/// bytes are read from the mapped segments, by the cursors, outside its gate.
/// Threading: guarded by its gate, held for a few instructions. <see cref="Grown"/>, <see cref="Rotated"/> and
/// <see cref="Cut"/> on the commit thread, after the bytes are written; the rest any thread. Callbacks run
/// outside the gate, on the commit thread or on who closes.
/// </summary>
internal sealed class LogFeed
{
    private readonly Lock _gate = new();
    private readonly List<LogPart> _parts = []; // guarded by _gate; in log order without a gap, the last is written
    private readonly List<LogCursor> _cursors = []; // guarded by _gate
    private readonly List<ulong> _cuts = []; // guarded by _gate: last sequence that each truncation left
    private readonly List<LogCursor> _woken = []; // commit thread only
    private int _waiting; // guarded by _gate: cursors that wait for more
    private int _version; // published: Volatile; written under _gate when places of before are void
    private bool _isClosed; // guarded by _gate

    /// <summary>Begins with the segments that an opening has found.</summary>
    /// <param name="parts">In log order without a gap; the last one is where writing goes on.</param>
    /// <param name="pins">Counts who reads from a file.</param>
    internal LogFeed(IReadOnlyList<LogPart> parts, FilePins pins)
    {
        Check.That(parts.Count > 0);
        for (var i = 1; i < parts.Count; i++)
        {
            Check.That(parts[i].First == parts[i - 1].Last + 1);
        }

        _parts.AddRange(parts);
        Pins = pins;
    }

    /// <summary>Who reads from a file.</summary>
    internal FilePins Pins { get; }

    /// <summary>The lowest sequence that can be read.</summary>
    internal ulong FirstStreamable
    {
        get
        {
            lock (_gate)
            {
                return _parts[0].First;
            }
        }
    }

    /// <summary>The lowest sequence that a cursor has yet to read: the log must stay from there on.</summary>
    internal ulong OldestWanted
    {
        get
        {
            lock (_gate)
            {
                var oldest = ulong.MaxValue;
                foreach (var cursor in _cursors)
                {
                    oldest = IsVoidLocked(cursor) ? oldest : Math.Min(oldest, cursor.Next);
                }

                return oldest;
            }
        }
    }

    /// <summary>Counts what makes places of before void. A cursor that has seen another number looks itself up anew.</summary>
    internal int Version => Volatile.Read(ref _version);

    /// <summary>Opens a cursor. It keeps the log from its place on until it is disposed.</summary>
    /// <param name="afterSequence">
    /// It stands behind this one. Where that lies within a frame, the first frame is that one.
    /// </param>
    /// <param name="grown">
    /// Called once each time that the cursor has met the end and there is more since (or it is void); on a thread of
    /// the engine: it must only note it.
    /// </param>
    /// <returns>The cursor. Ownership: the caller's.</returns>
    internal LogCursor Open(ulong afterSequence, Action grown)
    {
        lock (_gate)
        {
            var cursor = new LogCursor(this, afterSequence + 1, grown, _cuts.Count, Version - 1);
            _cursors.Add(cursor);
            return cursor;
        }
    }

    /// <summary>
    /// Opens a cursor that keeps nothing of the log and waits for nothing: it costs those who write and compact nothing. What
    /// it has yet to read may be given up before.
    /// </summary>
    /// <param name="afterSequence">As <see cref="Open"/>.</param>
    /// <returns>The cursor. Ownership: the caller's.</returns>
    internal LogCursor OpenLoose(ulong afterSequence)
    {
        lock (_gate)
        {
            return new LogCursor(this, afterSequence + 1, static () => { }, _cuts.Count, Version - 1) { IsLoose = true };
        }
    }

    /// <summary>A loose cursor rests: it holds no file until it moves again.</summary>
    /// <param name="cursor">The cursor.</param>
    internal void Rest(LogCursor cursor)
    {
        lock (_gate)
        {
            cursor.Leave(Pins);
            cursor.VersionSeen = _version - 1;
        }
    }

    /// <summary>The log has grown.</summary>
    /// <param name="end">Where it ends in the current segment.</param>
    /// <param name="last">Its last sequence.</param>
    internal void Grown(long end, ulong last)
    {
        lock (_gate)
        {
            var current = _parts[^1];
            Check.That(end >= current.End && last >= current.Last);
            _parts[^1] = current with { End = end, Last = last };
            if (_waiting == 0 || last == current.Last)
            {
                return; // a sync mark is no news to a cursor
            }

            TakeWaitingLocked();
        }

        Wake();
    }

    /// <summary>The log goes on in another segment; the one before it is complete.</summary>
    /// <param name="next">The segment, with no frame yet.</param>
    internal void Rotated(Segment next)
    {
        lock (_gate)
        {
            var current = _parts[^1];
            if (current.Last < current.First)
            {
                _parts.RemoveAt(_parts.Count - 1);
                Volatile.Write(ref _version, _version + 1);
            }

            _parts.Add(LogPart.Empty(next, current.Last + 1));
        }
    }

    /// <summary>Gives the oldest segments up, which are about to go: nobody can begin to read them any more.</summary>
    /// <param name="through">Last sequence in them; 0 for none.</param>
    /// <param name="evenIfWanted">Whether cursors that are still to read them become void.</param>
    /// <returns>False when a cursor wants them: nothing has changed.</returns>
    internal bool TryGiveUp(ulong through, bool evenIfWanted)
    {
        lock (_gate)
        {
            if (through < _parts[0].First)
            {
                return true;
            }

            if (!evenIfWanted && _cursors.Exists(cursor => cursor.Next <= through && !IsVoidLocked(cursor)))
            {
                return false;
            }

            Check.That(_parts[^1].First > through);
            _parts.RemoveAll(part => part.First <= through);
            Volatile.Write(ref _version, _version + 1);
            return true;
        }
    }

    /// <summary>The log was truncated, durably; it goes on in another segment. Cursors beyond are void.</summary>
    /// <param name="last">Its last sequence now; at least that before the first one that can be read.</param>
    /// <param name="end">Where it ends in the segment that holds that sequence.</param>
    /// <param name="next">The segment, with no frame yet.</param>
    internal void Cut(ulong last, long end, Segment next)
    {
        lock (_gate)
        {
            Check.That(last + 1 >= _parts[0].First && last < _parts[^1].Last);
            _parts.RemoveAll(part => part.First > last);
            if (_parts.Count > 0 && _parts[^1].Last > last)
            {
                _parts[^1] = _parts[^1] with { Last = last, End = end };
            }

            _parts.Add(LogPart.Empty(next, last + 1));
            _cuts.Add(last);
            Volatile.Write(ref _version, _version + 1);
            TakeWaitingLocked();
        }

        Wake();
    }

    /// <summary>The part that holds a sequence, for whoever cuts the log there.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="part">The part.</param>
    /// <returns>False when none that can be read does.</returns>
    internal bool TryFind(ulong sequence, out LogPart part)
    {
        lock (_gate)
        {
            var index = FindLocked(sequence);
            part = index < 0 ? default : _parts[index];
            return index >= 0;
        }
    }

    /// <summary>The parts that begin behind a sequence.</summary>
    /// <param name="sequence">The sequence.</param>
    internal List<LogPart> PartsBehind(ulong sequence)
    {
        lock (_gate)
        {
            return _parts.FindAll(part => part.First > sequence);
        }
    }

    /// <summary>The engine closes: cursors are void.</summary>
    internal void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            Volatile.Write(ref _version, _version + 1);
            TakeWaitingLocked();
        }

        Wake();
    }

    /// <summary>Looks up where a cursor stands now, and moves its hold there.</summary>
    /// <param name="cursor">The cursor.</param>
    /// <returns>False when what it wants is not in this log (any more).</returns>
    internal bool Resolve(LogCursor cursor)
    {
        lock (_gate)
        {
            var isCut = false;
            for (; cursor.CutsSeen < _cuts.Count; cursor.CutsSeen++)
            {
                isCut |= _cuts[cursor.CutsSeen] + 1 < cursor.Next;
            }

            cursor.VersionSeen = _version;
            var index = FindLocked(cursor.Next);
            index = index < 0 && cursor.Next == _parts[^1].Last + 1 ? _parts.Count - 1 : index;
            if (_isClosed || isCut || index < 0)
            {
                cursor.Leave(Pins);
                return false;
            }

            cursor.Enter(_parts[index], Pins);
            return true;
        }
    }

    /// <summary>Gives a cursor that has met the end of its part what there is more, or notes that it waits.</summary>
    /// <param name="cursor">The cursor; it has looked itself up since the newest change.</param>
    /// <returns>False when it waits now.</returns>
    internal bool TryGoOn(LogCursor cursor)
    {
        lock (_gate)
        {
            if (cursor.VersionSeen != _version)
            {
                return true; // it looks itself up first
            }

            // From the end: a cursor that asks often is in one of the newest parts.
            var index = _parts.Count - 1;
            while (_parts[index].Segment.Id != cursor.SegmentId)
            {
                index--;
            }

            index += _parts[index].End > cursor.End ? 0 : 1;
            if (index < _parts.Count)
            {
                cursor.Enter(_parts[index], Pins);
                return true;
            }

            if (!cursor.IsLoose && !cursor.IsWaiting)
            {
                _waiting++;
                cursor.IsWaiting = true;
            }

            return false;
        }
    }

    /// <summary>A cursor has ended.</summary>
    /// <param name="cursor">The cursor.</param>
    internal void Close(LogCursor cursor)
    {
        lock (_gate)
        {
            if (cursor.IsLoose || _cursors.Remove(cursor))
            {
                _waiting -= cursor.IsWaiting ? 1 : 0;
                cursor.Leave(Pins);
            }
        }
    }

    private bool IsVoidLocked(LogCursor cursor) => cursor.Next < _parts[0].First;

    private int FindLocked(ulong sequence)
    {
        var (from, to) = (0, _parts.Count - 1);
        while (from <= to)
        {
            var middle = (from + to) / 2;
            if (_parts[middle].Last < sequence)
            {
                from = middle + 1;
            }
            else if (_parts[middle].First > sequence)
            {
                to = middle - 1;
            }
            else
            {
                return middle;
            }
        }

        return -1;
    }

    private void TakeWaitingLocked()
    {
        foreach (var cursor in _cursors)
        {
            if (cursor.IsWaiting)
            {
                cursor.IsWaiting = false;
                _woken.Add(cursor);
            }
        }

        _waiting = 0;
    }

    private void Wake()
    {
        foreach (var cursor in _woken)
        {
            cursor.Wake();
        }

        _woken.Clear();
    }
}

/// <summary>A segment as a part of the log.</summary>
/// <param name="Segment">The segment.</param>
/// <param name="First">Its first sequence; that of its first frame to come when it has none.</param>
/// <param name="Last">Its last sequence; one less than the first when it has none.</param>
/// <param name="End">Bytes of it that are written.</param>
internal readonly record struct LogPart(Segment Segment, ulong First, ulong Last, long End)
{
    /// <summary>A segment without a frame.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="first">The sequence that comes next.</param>
    internal static LogPart Empty(Segment segment, ulong first) => new(segment, first, first - 1, SegmentHeader.Bytes);
}
