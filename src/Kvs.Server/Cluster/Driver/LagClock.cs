namespace Kvs.Server.Cluster.Driver;

/// <summary>
/// Tells how far behind a node is in time: it lacks what the primary had so long ago. Keeps a mark a second, and of long ago
/// fewer, so that it reaches back for as long as the node leads in bounded memory. Threading: the driver's loop only.
/// </summary>
internal sealed class LagClock
{
    private const int MarksMax = 128;
    private static readonly TimeSpan _apart = TimeSpan.FromSeconds(1);

    private readonly List<(TimeSpan At, ulong Sequence)> _marks = [];

    /// <summary>Notes how far the primary is.</summary>
    /// <param name="now">The time.</param>
    /// <param name="sequence">Its newest sequence.</param>
    internal void Note(TimeSpan now, ulong sequence)
    {
        if (_marks.Count > 0 && sequence < _marks[^1].Sequence)
        {
            _marks.Clear(); // another history
        }

        if (_marks.Count > 0 && (now - _marks[^1].At < _apart || sequence == _marks[^1].Sequence))
        {
            return;
        }

        if (_marks.Count == MarksMax)
        {
            DropOne(now);
        }

        _marks.Add((now, sequence));
    }

    // The one that is missed least: whose neighbours are the closest for its age. So marks stand the thinner the older they are.
    private void DropOne(TimeSpan now)
    {
        var (drop, least) = (1, double.MaxValue);
        for (var i = 1; i < _marks.Count - 1; i++)
        {
            var share = (_marks[i + 1].At - _marks[i - 1].At) / (now - _marks[i].At);
            (drop, least) = share < least ? (i, share) : (drop, least);
        }

        _marks.RemoveAt(drop);
    }

    /// <summary>How long ago the primary had something that a node still lacks.</summary>
    /// <param name="now">The time.</param>
    /// <param name="sequence">The node's newest sequence.</param>
    /// <returns>Zero for less than a second.</returns>
    internal TimeSpan LagOf(TimeSpan now, ulong sequence)
    {
        foreach (var (at, newest) in _marks)
        {
            if (newest > sequence)
            {
                return now - at;
            }
        }

        return TimeSpan.Zero;
    }
}
