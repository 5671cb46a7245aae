namespace Kvs.Server.Tests.Doors;

/// <summary>The one way to wait for what another thread will make true: by a deadline, never by a fixed time.</summary>
internal static class Until
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Waits until a condition holds.</summary>
    internal static async Task HoldsAsync(Func<bool> condition)
    {
        var startedAt = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (TimeProvider.System.GetElapsedTime(startedAt) > _deadline)
            {
                throw new TimeoutException("The condition did not come to hold.");
            }

            await Task.Delay(_pause, TimeProvider.System);
        }
    }
}
