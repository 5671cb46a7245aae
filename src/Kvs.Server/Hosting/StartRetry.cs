using Kvs.Server.Configuration;
using Kvs.Server.Engines;

namespace Kvs.Server.Hosting;

/// <summary>
/// Tries again, for about a second, what a server that was just killed may still hold: the address, and the lock of the
/// data directory. Scripts start the next server at once.
/// </summary>
internal static class StartRetry
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(25);

    /// <summary>Does it, again and again while the failure is one that passes.</summary>
    /// <typeparam name="T">What it gives.</typeparam>
    /// <param name="time">The clock.</param>
    /// <param name="attempt">What is done.</param>
    /// <param name="passes">Whether a failure may pass by itself.</param>
    /// <param name="stop">Ends the waiting.</param>
    /// <returns>What it gives.</returns>
    internal static async Task<T> RunAsync<T>(
        TimeProvider time, Func<Task<T>> attempt, Func<Exception, bool> passes, CancellationToken stop)
    {
        var startedAt = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await attempt();
            }
            catch (Exception failure) when (passes(failure) && time.GetElapsedTime(startedAt) < _limit)
            {
                await Task.Delay(_pause, time, stop);
            }
        }
    }
}
