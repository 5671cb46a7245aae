namespace Kvs.TestKit;

/// <summary>The one way to wait for what another thread or process will make true: by a deadline, never by a fixed time.</summary>
internal static class Until
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Waits until a condition holds.</summary>
    /// <param name="condition">The condition.</param>
    internal static Task HoldsAsync(Func<bool> condition) => HoldsAsync(() => Task.FromResult(condition()), s_deadline);

    /// <summary>Waits until a condition holds that takes time to find out, by a deadline of its own.</summary>
    /// <param name="condition">The condition.</param>
    /// <param name="deadline">How long it is waited for.</param>
    /// <param name="otherwise">Says how things stand when it did not come to hold.</param>
    internal static async Task HoldsAsync(Func<Task<bool>> condition, TimeSpan deadline, Func<string>? otherwise = null)
    {
        var startedAt = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(startedAt) > deadline)
            {
                throw new TimeoutException($"The condition did not come to hold. {otherwise?.Invoke()}".TrimEnd());
            }

            await Task.Delay(s_pause, TimeProvider.System);
        }
    }

    /// <summary>Waits until some time has passed: for faults that last, such as a pause, never for something to happen.</summary>
    /// <param name="time">How long.</param>
    internal static Task PassedAsync(TimeSpan time)
    {
        var startedAt = TimeProvider.System.GetTimestamp();
        return HoldsAsync(() => Task.FromResult(TimeProvider.System.GetElapsedTime(startedAt) >= time), time + s_deadline);
    }
}
