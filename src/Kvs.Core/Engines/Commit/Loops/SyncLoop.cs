using System.Runtime.InteropServices;
using Kvs.Core.Diagnostics;
using Kvs.Core.Engines.Commit.Groups;
using Kvs.Core.Engines.Commit.Queue;
using Kvs.Core.Engines.Commit.Room;
using Kvs.Core.Engines.Compaction;
using Kvs.Core.Engines.Members;
using Kvs.Core.Engines.Watch;
using Kvs.Core.Index;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Engines.Commit.Loops;

/// <summary>
/// The second half of a commit: makes appended groups durable as promised, then visible, then answers. Runs beside the
/// commit thread, so that apply and append of the next group overlap the sync of this one. In a member of a cluster what
/// is durable waits here until it is committed too, while the syncs of later groups go on.
/// Threading: <see cref="RunOnce"/> on the sync thread only, <see cref="TryRunHere"/> on the commit thread only, one at
/// a time: what is said of the sync thread holds for the one that has the turn. <see cref="AskSync"/> any thread.
/// </summary>
internal sealed class SyncLoop
{
    private readonly LogEngineOptions _options;
    private readonly TimeProvider _time;
    private readonly LogWriter _log;
    private readonly KeyIndex _index;
    private readonly PublicationSignal _watchers;
    private readonly GroupHandOff _handOff;
    private readonly GroupAnswers _answers;
    private readonly CommitGate _gate;
    private readonly MemberLog? _member;
    private readonly SegmentSupply _supply;
    private readonly SegmentUsage _usage;
    private readonly FaultLatch _fault;
    private readonly EngineCounters _counters;
    private readonly LoopHandle _self;
    private readonly LoopHandle _commit;
    private readonly LoopHandle _compaction;
    private readonly LoopHandle _prepare;
    private readonly Lock _turn = new(); // whoever holds it is the sync thread
    private readonly List<CommitGroup> _groups = []; // sync thread only: offered and not returned, in order
    private int _durable; // sync thread only: how many of these are as durable as promised
    private int _published; // sync thread only: how many of these are published
    private long _syncBy = long.MaxValue; // sync thread only: timestamp at which frames that wait for the clock are synced
    private bool _asked; // Interlocked
    private bool _followed; // Interlocked

    internal SyncLoop(EngineParts parts)
    {
        _options = parts.Options;
        _time = parts.Environment.Time;
        _log = parts.Log;
        _index = parts.Index;
        _watchers = parts.Watchers;
        _handOff = parts.HandOff;
        _answers = new GroupAnswers(parts.Queue, parts.Fault, parts.Options.Member);
        _gate = parts.Gate;
        _member = parts.Member;
        _supply = parts.Supply;
        _usage = parts.Usage;
        _fault = parts.Fault;
        _counters = parts.Counters;
        _self = parts.Threads.Sync;
        _commit = parts.Threads.Commit;
        _compaction = parts.Threads.Compaction;
        _prepare = parts.Threads.Prepare;
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

    /// <summary>Runs another step soon.</summary>
    internal void Wake() => _self.Wake();

    /// <summary>
    /// Tells that frames were appended that belong to no group; they are synced soon, and the commit loop is woken then.
    /// </summary>
    internal void NoteFollowed()
    {
        Interlocked.Exchange(ref _followed, true);
        _self.Wake();
    }

    /// <summary>
    /// One step: sync -> publish -> acknowledge, for all groups that were appended before it, as far as they are committed.
    /// </summary>
    /// <returns>Time to the next step.</returns>
    internal TimeSpan RunOnce()
    {
        lock (_turn)
        {
            return Step();
        }
    }

    /// <summary>
    /// The same step on the commit thread, which has nothing else to do: a wake less on the way of a write. It may sync,
    /// so that work which comes meanwhile waits for that, as it would behind a group in the sync.
    /// </summary>
    /// <returns>False when the sync thread is at work.</returns>
    internal bool TryRunHere()
    {
        if (!_turn.TryEnter())
        {
            return false;
        }

        try
        {
            if (Step() != Timeout.InfiniteTimeSpan)
            {
                _self.Wake(); // it has the clock of the syncs
            }

            return true;
        }
        finally
        {
            _turn.Exit();
        }
    }

    private TimeSpan Step()
    {
        // The requests are taken before the groups: whoever asks has offered its groups first, so they are among them.
        var asked = Interlocked.Exchange(ref _asked, false);
        var followed = Interlocked.Exchange(ref _followed, false);
        _handOff.TakeAppended(_groups);
        var hadGroups = _groups.Count > _durable;
        var retreat = _gate.Retreat;
        try
        {
            if (!_fault.IsSet && IsSyncDue(NoteAppended(followed), asked))
            {
                Sync();
            }

            // A fault of the commit thread ends publishing too: its index writer is about to drop what is unpublished.
            if (!_fault.IsSet)
            {
                NoteDurable();
                Publish();
            }
        }
#pragma warning disable CA1031 // Whatever goes wrong here, the store must end read-only and the waiting be answered.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _fault.Latch(e);
        }

        var hadMoves = Acknowledge(retreat, out var returned);
        if (asked || followed || hadGroups || returned > 0 || retreat is not null)
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
    /// <param name="followed">Whether frames were appended that belong to no group.</param>
    /// <returns>The strongest durability that one of the groups, or these frames, were promised.</returns>
    private Durability NoteAppended(bool followed)
    {
        var strongest = followed ? _options.Durability : Durability.Default;
        if (strongest == Durability.Interval)
        {
            StartClock();
        }

        foreach (var group in CollectionsMarshal.AsSpan(_groups)[_durable..])
        {
            strongest = group.Durability > strongest ? group.Durability : strongest;
            if (group.HasFrame && group.Durability >= Durability.Interval)
            {
                StartClock();
            }
        }

        return strongest;
    }

    private void StartClock()
    {
        if (_syncBy == long.MaxValue)
        {
            _syncBy = _time.GetTimestamp() + (long)(_options.SyncInterval.TotalSeconds * _time.TimestampFrequency);
        }
    }

    // A group without a frame may need a sync too: what its answers saw may be published and not yet durable.
    private bool IsSyncDue(Durability strongest, bool asked) =>
        asked || strongest == Durability.Always || _time.GetTimestamp() >= _syncBy;

    private void Sync()
    {
        var before = _log.Synced;
        var startedAt = StoreMeter.BeginSync(_time);
        if (_log.Sync() != before)
        {
            _counters.CountSync();
            StoreMeter.EndSync(_time, startedAt);
        }

        _syncBy = long.MaxValue;
    }

    private void NoteDurable()
    {
        if (_member is null)
        {
            _durable = _groups.Count;
            return; // returned in this very step
        }

        _member.NoteDurable();
        _handOff.Synced(_groups.Count - _durable);
        for (; _durable < _groups.Count; _durable++)
        {
            _answers.AcknowledgeLocally(_groups, _durable);
        }
    }

    // A member publishes what its replication has counted, and that goes by its own durability.
    private bool MayAnswerBeforeSync(CommitGroup group) =>
        group.Durability != Durability.Always && (_options.AnswersBeforeSync || !_gate.IsMember);

    private void Publish()
    {
        var committed = _gate.Committed;
        _member?.TakeMarked();
        for (; _published < _groups.Count && _groups[_published].LastSequence <= committed; _published++)
        {
            var group = _groups[_published];
            Check.That(MayAnswerBeforeSync(group) || _log.Synced.Sequence >= group.LastSequence);
            if (group.Root is { } root)
            {
                // Counted first: whoever sees the group published finds its records counted.
                _usage.Count(group);
                _index.Publish(root);
                _watchers.Published();
                _member?.TakeMarked();
            }

            _counters.CountPublished(group);
            StoreMeter.CountGroup(group.Batches);
            group.IsPublished = true;
            _member?.NoteApplied(group.LastSequence);
        }

        if (_published > 0 && _supply.HasFull)
        {
            _prepare.Wake(); // it seals what is published whole
        }
    }

    /// <summary>
    /// Answers all whose last request was judged in published groups, and gives these back; after a fault and in a retreat
    /// all others too.
    /// </summary>
    /// <returns>Whether entries were moved in them.</returns>
    private bool Acknowledge(Refusal? retreat, out int returned)
    {
        returned = _fault.IsSet || retreat is not null ? _groups.Count : _published;
        var moved = false;
        for (var i = 0; i < returned; i++)
        {
            var group = _groups[i];
            if (group.IsPublished)
            {
                _answers.Acknowledge(group);
            }
            else
            {
                _answers.Refuse(group, _fault.IsSet ? null : retreat);
            }

            moved |= group.Moves > 0;
            _handOff.Return(group, wasSynced: _member is not null && i < _durable);
        }

        _groups.RemoveRange(0, returned);
        _durable = Math.Max(0, _durable - returned);
        _published = 0;
        return moved;
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
