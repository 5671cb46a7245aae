namespace Kvs.Core.Client.Calling;

/// <summary>What the calls of a client have in common.</summary>
internal sealed record CallSettings
{
    /// <summary>The clock.</summary>
    internal required TimeProvider Time { get; init; }

    /// <summary>Longest time of a call, its repetitions included.</summary>
    internal required TimeSpan Timeout { get; init; }

    /// <summary>Whether a call is repeated where that can help.</summary>
    internal bool Retry { get; init; }

    /// <summary>The time of a call as a server is told; 0 for no limit.</summary>
    internal uint Millis => Timeout == System.Threading.Timeout.InfiniteTimeSpan ? 0 : (uint)Math.Ceiling(Timeout.TotalMilliseconds);

    /// <summary>The timestamp at which a call is given up; <see cref="long.MaxValue"/> for never.</summary>
    /// <param name="startedAt">Timestamp at which it began.</param>
    internal long DeadlineOf(long startedAt) => Timeout == System.Threading.Timeout.InfiniteTimeSpan
        ? long.MaxValue
        : startedAt + (long)(Timeout.TotalSeconds * Time.TimestampFrequency);
}
