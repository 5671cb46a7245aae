using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Engines;

/// <summary>How a store in this process behaves. The defaults are safe: a write is on stable storage when its task completes.</summary>
public sealed record KvStoreOptions
{
    /// <summary>How durable a write is when its task completes, unless it asks for more.</summary>
    public Durability Durability { get; init; } = Durability.Always;

    /// <summary>Under <see cref="Durability.Interval"/>: the longest that a write waits for its sync. 100 ms by default.</summary>
    public TimeSpan SyncInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest value in bytes, at most and by default <see cref="Limits.ValueBytesMax"/>.</summary>
    public int ValueBytesMax { get; init; } = Limits.ValueBytesMax;

    /// <summary>Most bytes of keys and values in one batch, at most and by default <see cref="Limits.BatchBytesMax"/>.</summary>
    public int BatchBytesMax { get; init; } = Limits.BatchBytesMax;

    /// <summary>Bytes of writes that may wait; beyond it writes fail with <see cref="ErrorCode.Overloaded"/>.</summary>
    public long QueuedBytesMax { get; init; } = Limits.QueuedBytesMax;

    /// <summary>
    /// The newest bytes of the log that compaction leaves alone: how far back a watch can begin, and how far one may fall
    /// behind. 0 by default, for programs that watch nothing, or nothing but what happens now.
    /// </summary>
    public long HistoryBytes { get; init; }

    /// <summary>Bytes that background compaction copies per second at most; 64 MiB by default.</summary>
    public long CompactionBytesPerSecond { get; init; } = 64L * 1024 * 1024;

    /// <summary>Clocks and timers; those of the system by default.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Refuses settings that mean nothing.</summary>
    /// <exception cref="KvsConfigurationException">One is unusable.</exception>
    internal void Validate()
    {
        Require(Durability is Durability.Os or Durability.Interval or Durability.Always, nameof(Durability), Durability);
        Require(SyncInterval > TimeSpan.Zero && SyncInterval <= TimeSpan.FromHours(1), nameof(SyncInterval), SyncInterval);
        Require(ValueBytesMax is > 0 and <= Limits.ValueBytesMax, nameof(ValueBytesMax), ValueBytesMax);
        Require(BatchBytesMax is > 0 and <= Limits.BatchBytesMax, nameof(BatchBytesMax), BatchBytesMax);
        Require(QueuedBytesMax > 0, nameof(QueuedBytesMax), QueuedBytesMax);
        Require(HistoryBytes >= 0, nameof(HistoryBytes), HistoryBytes);
        Require(CompactionBytesPerSecond > 0, nameof(CompactionBytesPerSecond), CompactionBytesPerSecond);
        Require(TimeProvider is not null, nameof(TimeProvider), "null");
    }

    /// <summary>The settings of the engine behind a store with files.</summary>
    internal LogEngineOptions ToEngineOptions() => new()
    {
        Durability = Durability,
        SyncInterval = SyncInterval,
        HistoryBytes = HistoryBytes,
        QueuedBytesMax = QueuedBytesMax,
        ValueBytesMax = ValueBytesMax,
        BatchBytesMax = BatchBytesMax,
        CompactionBytesPerSecond = CompactionBytesPerSecond,
    };

    private static void Require(bool condition, string name, object value)
    {
        if (!condition)
        {
            throw new KvsConfigurationException($"{name} is {value}; see its documentation for what it may be.");
        }
    }
}
