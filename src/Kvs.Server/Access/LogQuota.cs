namespace Kvs.Server.Access;

/// <summary>
/// How many lines of a kind a log gets that any stranger can cause: enough to be seen, too few to fill a disk.
/// Threading: any thread.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class LogQuota(TimeProvider time)
{
    /// <summary>Lines in a while.</summary>
    internal const int LinesMax = 10;

    private readonly Lock _gate = new();
    private long _began = time.GetTimestamp(); // guarded by _gate
    private int _lines; // guarded by _gate
    private int _left; // guarded by _gate

    /// <summary>How long a while is.</summary>
    internal static TimeSpan While => TimeSpan.FromSeconds(10);

    /// <summary>Takes room for a line.</summary>
    /// <param name="leftOut">How many had none, in the while before: to be told once.</param>
    /// <returns>False when there is none.</returns>
    internal bool TryTake(out int leftOut)
    {
        lock (_gate)
        {
            leftOut = 0;
            if (time.GetElapsedTime(_began) >= While)
            {
                (_began, leftOut, _lines, _left) = (time.GetTimestamp(), _left, 0, 0);
            }

            if (_lines == LinesMax)
            {
                _left++;
                return false;
            }

            _lines++;
            return true;
        }
    }
}
