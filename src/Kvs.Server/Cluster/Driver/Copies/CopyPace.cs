namespace Kvs.Server.Cluster.Driver.Copies;

/// <summary>
/// Paces base copies, so that they leave network and disk to the writes that go on beside them: one bucket for all copies,
/// never more ahead than a piece. Threading: any thread.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="bytesPerSecond">Bytes per second.</param>
internal sealed class CopyPace(TimeProvider time, long bytesPerSecond)
{
    private readonly Lock _gate = new();
    private long _freeAt = time.GetTimestamp(); // guarded by _gate: when all that was taken has been paid for

    /// <summary>Waits until bytes may be sent.</summary>
    /// <param name="bytes">How many.</param>
    internal Task WaitAsync(int bytes) => Task.Delay(Take(bytes), time);

    /// <summary>Takes bytes.</summary>
    /// <param name="bytes">How many are about to be sent.</param>
    /// <returns>Time to wait before they are sent.</returns>
    internal TimeSpan Take(int bytes)
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            var start = Math.Max(now, _freeAt);
            _freeAt = start + (long)((double)bytes / bytesPerSecond * time.TimestampFrequency);
            return time.GetElapsedTime(now, start);
        }
    }
}
