using Kvs.Core.Engines.Commit.Groups;
using Kvs.Core.Engines.Members;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Engines.Commit.Loops;

/// <summary>
/// What the commit thread does when nobody writes: ticks while keys expire, and once writing has paused, a sync mark, so
/// that the disk itself proves what was synced. Threading: commit thread only.
/// </summary>
internal sealed class IdleDuties
{
    /// <summary>How long after the last write the mark is written: long enough not to cost a busy store anything.</summary>
    private static readonly TimeSpan s_markAfter = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly LogWriter _log;
    private readonly SyncLoop _sync;
    private readonly GroupApplier _applier;
    private readonly MemberSteps? _member;
    private long _tickedAt;
    private KvsVersion _seen;
    private long _seenAt;
    private KvsVersion _marked;

    internal IdleDuties(EngineParts parts, SyncLoop sync, GroupApplier applier, MemberSteps? member)
    {
        _member = member;
        _time = parts.Environment.Time;
        _log = parts.Log;
        _sync = sync;
        _applier = applier;
        _tickedAt = _time.GetTimestamp() - _time.TimestampFrequency;
    }

    /// <summary>Whether a tick belongs into the next group.</summary>
    internal bool IsTickDue() => TimeToTick() == TimeSpan.Zero;

    /// <summary>Moves log time and removes what has expired.</summary>
    internal void Tick()
    {
        _tickedAt = _time.GetTimestamp();
        _applier.Tick();
    }

    /// <summary>Writes the mark when it is due.</summary>
    /// <returns>Time to the next duty.</returns>
    internal TimeSpan Run()
    {
        var toTick = TimeToTick();
        var toMark = TimeToMark();
        if (toMark == TimeSpan.Zero)
        {
            _marked = _log.Appended;
            toMark = Timeout.InfiniteTimeSpan;
            if (_log.AppendSyncMark())
            {
                _sync.AskSync();
            }
        }

        return Earlier(toTick, toMark);
    }

    private TimeSpan TimeToTick()
    {
        if (_member is { Leads: false })
        {
            return Timeout.InfiniteTimeSpan; // time comes with the frames of the primary
        }

        var expiry = _applier.TimeToNextExpiry();
        if (expiry == Timeout.InfiniteTimeSpan || _applier.HasBacklog)
        {
            return expiry;
        }

        var pause = Limits.ExpiryTick - _time.GetElapsedTime(_tickedAt);
        return pause > expiry ? pause : expiry;
    }

    private TimeSpan TimeToMark()
    {
        var appended = _log.Appended;
        if (appended == _marked || _log.Synced != appended)
        {
            return Timeout.InfiniteTimeSpan;
        }

        if (appended != _seen)
        {
            _seen = appended;
            _seenAt = _time.GetTimestamp();
        }

        var left = s_markAfter - _time.GetElapsedTime(_seenAt);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private static TimeSpan Earlier(TimeSpan a, TimeSpan b) =>
        a == Timeout.InfiniteTimeSpan || (b != Timeout.InfiniteTimeSpan && b < a) ? b : a;
}
