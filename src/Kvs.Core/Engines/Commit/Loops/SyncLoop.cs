using System.Runtime.InteropServices;
using Kvs.Core.Engines.Commit.Groups;
using Kvs.Core.Engines.Commit.Queue;
using Kvs.Core.Engines.Compaction;
using Kvs.Core.Index;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Engines.Commit.Loops;

/// <summary>
/// The second half of a commit: makes appended groups durable as promised, then visible, then answers. Runs beside the
/// commit thread, so that apply and append of the next group overlap the sync of this one.
/// Threading: <see cref="RunOnce"/> on the sync thread only; <see cref="AskSync"/> and the properties any thread.
/// </summary>
internal sealed class SyncLoop
{
    private readonly LogEngineOptions _options;
    private readonly TimeProvider _time;
    private readonly LogWriter _log;
    private readonly KeyIndex _index;
    private readonly CommitQueue _queue;
    private readonly GroupHandOff _handOff;
    private readonly SegmentUsage _usage;
    private readonly FaultLatch _fault;
    private readonly EngineCounters _counters;
    private readonly LoopHandle _self;
    private readonly LoopHandle _commit;
    private readonly LoopHandle _compaction;
    private readonly List<CommitGroup> _groups = []; // sync thread only
    private long _syncBy = long.MaxValue; // sync thread only: timestamp at which frames that wait for the clock are synced
    private bool _asked; // Interlocked

    internal SyncLoop(EngineParts parts)
    {
        _options = parts.Options;
        _time = parts.Environment.Time;
        _log = parts.Log;
        _index = parts.Index;
        _queue = parts.Queue;
        _handOff = parts.HandOff;
        _usage = parts.Usage;
        _fault = parts.Fault;
        _counters = parts.Counters;
        _self = parts.Threads.Sync;
        _commit = parts.Threads.Commit;
        _compaction = parts.Threads.Compaction;
    }

    /// <summary>
    /// Asks for a sync of all that was appended before the call, whatever its durability (compaction, an idle store, a
    /// closing one). <see cref="LogWriter.Synced"/> tells when it is done; the commit loop is woken then.
    /// </summary>
    internal void AskSync()
    {
        Interlocked.Exchange(ref _asked, true);
        _self.Wake();
    }

    /// <summary>One step: sync -> publish -> acknowledge, for all groups that were appended before it.</summary>
    /// <returns>Time to the next step.</returns>
    internal TimeSpan RunOnce()
    {
        // The request is taken before the groups: whoever asks has offered its groups first, so they are among them.
        var asked = Interlocked.Exchange(ref _asked, false);
        _handOff.TakeAppended(_groups);
        try
        {
            if (!_fault.IsSet && IsSyncDue(NoteAppended(), asked))
            {
                Sync();
            }

            // A fault of the commit thread ends publishing too: its index writer is about to drop what is unpublished.
            if (!_fault.IsSet)
            {
                Publish();
            }
        }
#pragma warning disable CA1031 // Whatever goes wrong here, the store must end read-only and the waiting be answered.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _fault.Latch(e);
        }

        var hadGroups = _groups.Count > 0;
        var hadMoves = Acknowledge();
        if (asked || hadGroups)
        {
            _commit.Wake();
        }

        if (asked || hadMoves)
        {
            _compaction.Wake();
        }

        return TimeToNextSync();
    }

    /// <summary>Notes what was appended, for the clock of the syncs.</summary>
    /// <returns>The strongest durability that one of the groups was promised.</returns>
    private Durability NoteAppended()
    {
        var strongest = Durability.Default;
        foreach (var group in CollectionsMarshal.AsSpan(_groups))
        {
            strongest = group.Durability > strongest ? group.Durability : strongest;
            if (group.HasFrame && group.Durability >= Durability.Interval && _syncBy == long.MaxValue)
            {
                _syncBy = _time.GetTimestamp() + (long)(_options.SyncInterval.TotalSeconds * _time.TimestampFrequency);
            }
        }

        return strongest;
    }

    // A group without a frame may need a sync too: what its answers saw may be published and not yet durable.
    private bool IsSyncDue(Durability strongest, bool asked) =>
        asked || strongest == Durability.Always || _time.GetTimestamp() >= _syncBy;

    private void Sync()
    {
        var before = _log.Synced;
        if (_log.Sync() != before)
        {
            _counters.CountSync();
        }

        _syncBy = long.MaxValue;
    }

    private void Publish()
    {
        foreach (var group in CollectionsMarshal.AsSpan(_groups))
        {
            Check.That(group.Durability != Durability.Always || _log.Synced.Sequence >= group.LastSequence);
            if (group.Root is { } root)
            {
                // Counted first: whoever sees the group published finds its records counted.
                _usage.Count(group);
                _index.Publish(root);
            }

            _counters.CountPublished(group);
            group.IsPublished = true;
        }
    }

    /// <summary>Answers all whose last request was judged in these groups, and gives the groups back.</summary>
    /// <returns>Whether entries were moved in them.</returns>
    private bool Acknowledge()
    {
        var moved = false;
        foreach (var group in CollectionsMarshal.AsSpan(_groups))
        {
            foreach (ref readonly var part in CollectionsMarshal.AsSpan(group.Parts))
            {
                if (!group.IsPublished)
                {
                    Refuse(in part, group.MayBeOnDisk);
                }

                if (part.IsLast)
                {
                    _queue.Release(part.Item.QueuedBytes);
                    part.Item.Complete();
                }
            }

            moved |= group.Moves > 0;
            _handOff.Return(group);
        }

        _groups.Clear();
        return moved;
    }

    /// <summary>
    /// Its frame may be on disk, so a batch of it may be there after a reopening; a read or a refusal has only seen what
    /// may vanish. What was refused without looking at the state stays refused for its own reason.
    /// </summary>
    private void Refuse(in GroupPart part, bool mayBeOnDisk)
    {
        for (var i = part.From; i < part.To; i++)
        {
            var request = part.Item.Requests[i];
            if (request.Code is ErrorCode.None or ErrorCode.ConditionFailed or ErrorCode.NotAnInteger or ErrorCode.IntegerOverflow)
            {
                _fault.Refuse(request, mayBeOnDisk && request.Version != default ? WriteOutcome.Unknown : WriteOutcome.NotApplied);
            }
        }
    }

    private TimeSpan TimeToNextSync()
    {
        if (_fault.IsSet || _syncBy == long.MaxValue)
        {
            return Timeout.InfiniteTimeSpan;
        }

        var now = _time.GetTimestamp();
        return now >= _syncBy ? TimeSpan.Zero : _time.GetElapsedTime(now, _syncBy);
    }
}
