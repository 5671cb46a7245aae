namespace Kvs.Core.Client.Connections;

/// <summary>
/// The clock of a connection: one timer for the earliest deadline of all calls, one for signs of life. Arming it costs
/// nothing while calls are answered in time: a later deadline never moves an earlier timer.
/// Threading: any thread; the actions run on the timer's thread, without a lock.
/// </summary>
internal sealed class CallTimer : IDisposable
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly Func<long, long> _giveUpLate;
    private readonly Action _keepAlive;
    private readonly ITimer _deadlines;
    private readonly ITimer _silence;
    private long _due = long.MaxValue; // guarded by _gate
    private bool _wasHeard; // published: Volatile

    /// <summary>Creates it.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="silence">Silence after which a sign of life is asked for; infinite for never.</param>
    /// <param name="giveUpLate">Fails the calls whose deadline is not after the given timestamp; returns the next deadline.</param>
    /// <param name="keepAlive">Asks for a sign of life.</param>
    internal CallTimer(TimeProvider time, TimeSpan silence, Func<long, long> giveUpLate, Action keepAlive)
    {
        _time = time;
        _giveUpLate = giveUpLate;
        _keepAlive = keepAlive;
        _deadlines = time.CreateTimer(
            static self => ((CallTimer)self!).OnDeadline(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _silence = time.CreateTimer(static self => ((CallTimer)self!).OnSilence(), this, silence, silence);
    }

    /// <summary>The timestamp of a moment from now.</summary>
    /// <param name="timeout">How far away.</param>
    internal long DeadlineAfter(TimeSpan timeout) => timeout == Timeout.InfiniteTimeSpan
        ? long.MaxValue
        : _time.GetTimestamp() + (long)(timeout.TotalSeconds * _time.TimestampFrequency);

    /// <summary>Whether a moment has come.</summary>
    /// <param name="deadline">The timestamp.</param>
    internal bool IsPast(long deadline) => deadline != long.MaxValue && _time.GetTimestamp() >= deadline;

    /// <summary>Makes sure that the timer fires by a deadline.</summary>
    /// <param name="deadline">The timestamp.</param>
    internal void Watch(long deadline)
    {
        lock (_gate)
        {
            if (deadline >= _due)
            {
                return;
            }

            _due = deadline;
            var wait = _time.GetElapsedTime(_time.GetTimestamp(), deadline);
            _deadlines.Change(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Notes that the server was heard.</summary>
    internal void NoteHeard() => Volatile.Write(ref _wasHeard, true);

    /// <inheritdoc/>
    public void Dispose()
    {
        _deadlines.Dispose();
        _silence.Dispose();
    }

    private void OnDeadline()
    {
        lock (_gate)
        {
            _due = long.MaxValue;
        }

        Watch(_giveUpLate(_time.GetTimestamp()));
    }

    private void OnSilence()
    {
        if (!Volatile.Read(ref _wasHeard))
        {
            _keepAlive();
        }

        Volatile.Write(ref _wasHeard, false);
    }
}
