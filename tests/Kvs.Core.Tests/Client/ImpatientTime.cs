using System.Collections.Concurrent;
using Kvs.TestKit;

namespace Kvs.Core.Tests.Client;

/// <summary>
/// A clock that stands still, except that pauses of at most a second pass at once: whoever pauses between two tries goes on,
/// and the clock shows that time has passed. Threading: any thread.
/// </summary>
internal sealed class ImpatientTime : TimeProvider
{
    private static readonly TimeSpan s_pauseMax = TimeSpan.FromSeconds(1);

    /// <summary>The clock underneath, to be moved by hand.</summary>
    internal ManualTimeProvider Manual { get; } = new();

    /// <summary>The pauses that were made.</summary>
    internal ConcurrentQueue<TimeSpan> Pauses { get; } = new();

    public override long TimestampFrequency => Manual.TimestampFrequency;

    public override long GetTimestamp() => Manual.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => Manual.GetUtcNow();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = Manual.CreateTimer(callback, state, dueTime, period);
        if (dueTime >= TimeSpan.Zero && dueTime <= s_pauseMax)
        {
            Pauses.Enqueue(dueTime);
            ThreadPool.QueueUserWorkItem(_ => Manual.Advance(dueTime));
        }

        return timer;
    }
}
