namespace Kvs.Client.Tests.Harness;

/// <summary>A clock whose pauses pass at once.</summary>
internal sealed class HastyClock : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, dueTime > TimeSpan.Zero && dueTime <= TimeSpan.FromSeconds(1) ? TimeSpan.Zero : dueTime, period);
}
