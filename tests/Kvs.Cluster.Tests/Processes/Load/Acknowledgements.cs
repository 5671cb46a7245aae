using System.Globalization;
using Kvs.TestKit;

namespace Kvs.Cluster.Tests.Processes.Load;

/// <summary>Counts acknowledged writes, and measures how long each took and the longest time without one. Threading: any thread.</summary>
internal sealed class Acknowledgements
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly Lock _gate = new();
    private long _last = TimeProvider.System.GetTimestamp(); // guarded by _gate
    private readonly List<TimeSpan> _took = []; // guarded by _gate
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
    /// <param name="askedAt">When it was asked for.</param>
    internal void Note(long askedAt)
    {
        lock (_gate)
        {
            var now = TimeProvider.System.GetTimestamp();
            var gap = TimeProvider.System.GetElapsedTime(_last, now);
            _longest = gap > _longest ? gap : _longest;
            _last = now;
            _took.Add(TimeProvider.System.GetElapsedTime(askedAt, now));
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
            _took.Clear();
        }
    }

    /// <summary>What writers have noticed since the last restart of the measurement: half of the writes, 99 of 100, and all took at most.</summary>
    internal string Waits()
    {
        lock (_gate)
        {
            _took.Sort();
            return _took.Count == 0 ? "none acknowledged" : string.Create(
                CultureInfo.InvariantCulture,
                $"{_took.Count} writes, p50 {At(0.5):0.0} ms, p99 {At(0.99):0.0} ms, longest {At(1):0.0} ms");
        }

        double At(double part) => _took[(int)((_took.Count - 1) * part)].TotalMilliseconds;
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
