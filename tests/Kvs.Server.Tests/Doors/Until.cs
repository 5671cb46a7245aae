namespace Kvs.Server.Tests.Doors;

/// <summary>The one way to wait for what another thread will make true: by a deadline, never by a fixed time.</summary>
internal static class Until
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Waits until a condition holds.</summary>
    internal static Task HoldsAsync(Func<bool> condition) => HoldsAsync(() => Task.FromResult(condition()), _deadline);

    /// <summary>Waits until a condition holds that takes time to find out, by a deadline of its own.</summary>
    internal static async Task HoldsAsync(Func<Task<bool>> condition, TimeSpan deadline)
    {
        var startedAt = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(startedAt) > deadline)
            {
                throw new TimeoutException("The condition did not come to hold.");
            }

            await Task.Delay(_pause, TimeProvider.System);
        }
    }
}
