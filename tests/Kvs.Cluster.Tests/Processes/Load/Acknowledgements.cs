using Kvs.TestKit;

namespace Kvs.Cluster.Tests.Processes.Load;

/// <summary>Counts acknowledged writes, and measures the longest time without one. Threading: any thread.</summary>
internal sealed class Acknowledgements
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly Lock _gate = new();
    private long _last = TimeProvider.System.GetTimestamp(); // guarded by _gate
    private TimeSpan _longest; // guarded by _gate
    private long _count; // guarded by _gate

    /// <summary>How many.</summary>
    internal long Count
    {
        get
        {
            lock (_gate)
            {
                return _count;
            }
        }
    }

    /// <summary>A write was acknowledged.</summary>
    internal void Note()
    {
        lock (_gate)
        {
            var now = TimeProvider.System.GetTimestamp();
            var gap = TimeProvider.System.GetElapsedTime(_last, now);
            _longest = gap > _longest ? gap : _longest;
            _last = now;
            _count++;
        }
    }

    /// <summary>Begins to measure anew.</summary>
    internal void Restart()
    {
        lock (_gate)
        {
            _last = TimeProvider.System.GetTimestamp();
            _longest = TimeSpan.Zero;
        }
    }

    /// <summary>The longest time without an acknowledged write since the last restart of the measurement.</summary>
    internal TimeSpan Longest()
    {
        lock (_gate)
        {
            return _longest;
        }
    }

    /// <summary>Waits for more acknowledged writes.</summary>
    /// <param name="more">How many.</param>
    internal Task MoreAsync(int more)
    {
        var wanted = Count + more;
        return Until.HoldsAsync(
            () => Task.FromResult(Count >= wanted), s_patience, () => $"{Count} of {wanted} writes were acknowledged.");
    }
}
