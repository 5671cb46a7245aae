namespace Kvs.TestKit;

/// <summary>
/// A clock that stands still until a test moves it. Timers that come due fire on the thread that moves it, in order.
/// The wall clock can be set without moving the monotonic one, as an operator or NTP does. Threading: any thread.
/// </summary>
internal sealed class ManualTimeProvider : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<ManualTimer, long> _due = new(); // guarded by _gate
    private long _ticks; // monotonic; written under _gate, published: Volatile
    private long _wallOffsetTicks = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks; // published: Volatile

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>When the next timer comes due, as a timestamp; null when none is armed.</summary>
    internal long? NextDue
    {
        get
        {
            lock (_gate)
            {
                return _due.TryPeek(out _, out var due) ? due : null;
            }
        }
    }

    /// <inheritdoc/>
    public override long GetTimestamp() => Volatile.Read(ref _ticks);

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() =>
        new(GetTimestamp() + Volatile.Read(ref _wallOffsetTicks), TimeSpan.Zero);

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock, firing what comes due on the way.</summary>
    /// <param name="by">How far.</param>
    internal void Advance(TimeSpan by) => AdvanceTo(GetTimestamp() + by.Ticks);

    /// <summary>Moves the clock to a timestamp, firing what comes due on the way.</summary>
    /// <param name="timestamp">Not before now.</param>
    internal void AdvanceTo(long timestamp)
    {
        while (true)
        {
            ManualTimer? timer;
            lock (_gate)
            {
                if (!_due.TryPeek(out timer, out var due) || due > timestamp)
                {
                    Volatile.Write(ref _ticks, Math.Max(_ticks, timestamp));
                    return;
                }

                _due.Dequeue();
                Volatile.Write(ref _ticks, due);
            }

            timer.Fire();
        }
    }

    /// <summary>Sets the wall clock forwards or back; timers and timestamps do not notice.</summary>
    /// <param name="by">How far.</param>
    internal void StepWallClock(TimeSpan by) => Interlocked.Add(ref _wallOffsetTicks, by.Ticks);

    private sealed class ManualTimer(ManualTimeProvider owner, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period; // guarded by the owner's gate
        private bool _disposed; // guarded by the owner's gate

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (owner._gate)
            {
                if (_disposed)
                {
                    return false;
                }

                _period = period;
                Arm(dueTime);
                return true;
            }
        }

        public void Fire()
        {
            lock (owner._gate)
            {
                if (_disposed)
                {
                    return;
                }

                Arm(_period > TimeSpan.Zero ? _period : Timeout.InfiniteTimeSpan);
            }

            callback(state);
        }

        public void Dispose()
        {
            lock (owner._gate)
            {
                _disposed = true;
                owner._due.Remove(this, out _, out _);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }

        private void Arm(TimeSpan dueTime)
        {
            owner._due.Remove(this, out _, out _);
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                owner._due.Enqueue(this, owner._ticks + dueTime.Ticks);
            }
        }
    }
}
