using Kvs.Core.Diagnostics;
using Kvs.Core.Engines.Members;
using Kvs.Core.Index;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Requests;

namespace Kvs.Core.Engines;

/// <summary>How a <see cref="LogEngine"/> behaves. Checked once, at open.</summary>
internal sealed record LogEngineOptions
{
    /// <summary>Least memory of an index that is of any use (4 MiB).</summary>
    internal const long IndexBytesLeast = 4 * 1024 * 1024;

    /// <summary>How durable a write is when it is acknowledged, unless it asks for more.</summary>
    internal Durability Durability { get; init; } = Durability.Always;

    /// <summary>Whether writes are answered before they are on stable storage, unless they ask for it.</summary>
    internal bool AnswersBeforeSync => Durability != Durability.Always;

    /// <summary>Under <see cref="Durability.Interval"/>: the longest that a write waits for its sync.</summary>
    internal TimeSpan SyncInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Log segments that lie wholly within the newest so many bytes of the log are not compacted.</summary>
    internal long HistoryBytes { get; init; } = Limits.HistoryBytes;

    /// <summary>Bytes of work that is handed over and not yet answered; beyond it work is refused as overloaded.</summary>
    internal long QueuedBytesMax { get; init; } = Limits.QueuedBytesMax;

    /// <summary>How long work that says when it was handed over may wait for its commit to begin.</summary>
    internal TimeSpan QueueTimeMax { get; init; } = Limits.QueueTimeMax;

    /// <summary>Longest value.</summary>
    internal int ValueBytesMax { get; init; } = Limits.ValueBytesMax;

    /// <summary>Most bytes of keys and values in one batch.</summary>
    internal int BatchBytesMax { get; init; } = Limits.BatchBytesMax;

    /// <summary>
    /// Memory that the index may have. Where that ends, requests that would make keys are refused as overloaded; the rest goes
    /// on (see IndexRoom).
    /// </summary>
    internal long IndexBytesMax { get; init; } = long.MaxValue;

    /// <summary>A file is compacted when at least this share of it is of no use any more.</summary>
    internal double CompactionDeadShare { get; init; } = 0.5;

    /// <summary>
    /// Bytes that compaction copies per second at most (64 MiB by default), so that it leaves the disk to the
    /// foreground; it is not paced when it is asked for by hand.
    /// </summary>
    internal long CompactionBytesPerSecond { get; init; } = 64L * 1024 * 1024;

    /// <summary>A snapshot that is held longer is named by an event, once.</summary>
    internal TimeSpan SnapshotAgeWarning { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Sizes and checks of the index.</summary>
    internal KeyIndexOptions Index { get; init; } = new();

    /// <summary>The bounds of the table of numbered requests.</summary>
    internal RequestLimits Requests { get; init; } = RequestLimits.Default;

    /// <summary>The cluster that the store is a member of; null for a store of its own.</summary>
    internal MemberOptions? Member { get; init; }

    /// <summary>Hears what an operator should know; null for nobody.</summary>
    internal Action<StoreEvent>? Events { get; init; }

    /// <summary>Checks the settings.</summary>
    /// <exception cref="KvsConfigurationException">One is unusable.</exception>
    internal void Validate()
    {
        Require(
            Durability is Durability.Always or Durability.Interval or Durability.Os,
            $"Durability '{Durability}' is none of always, interval, os.");
        Require(
            SyncInterval > TimeSpan.Zero && SyncInterval <= TimeSpan.FromHours(1),
            $"Sync interval {SyncInterval} is not between 0 and 1 h.");
        Require(HistoryBytes >= 0, $"History {HistoryBytes} is negative.");
        Require(QueuedBytesMax > 0, $"Queue bound {QueuedBytesMax} is not positive.");
        Require(
            ValueBytesMax is > 0 and <= Limits.ValueBytesMax,
            $"Value limit {ValueBytesMax} is not between 1 and {Limits.ValueBytesMax}.");
        Require(
            BatchBytesMax is > 0 and <= Limits.BatchBytesMax,
            $"Batch limit {BatchBytesMax} is not between 1 and {Limits.BatchBytesMax}.");
        Require(IndexBytesMax >= IndexBytesLeast, $"Index memory {IndexBytesMax} is less than {IndexBytesLeast}.");
        Require(CompactionDeadShare is > 0 and <= 1, $"Dead share {CompactionDeadShare} is not between 0 and 1.");
        Require(CompactionBytesPerSecond > 0, $"Compaction rate {CompactionBytesPerSecond} is not positive.");
        Require(SnapshotAgeWarning > TimeSpan.Zero, $"Snapshot age {SnapshotAgeWarning} is not positive.");
    }

    /// <summary>Tells whoever listens.</summary>
    internal void Tell(StoreEventLevel level, StoreEventKind kind, string message) =>
        Events?.Invoke(new StoreEvent(level, kind, message));

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new KvsConfigurationException(message);
        }
    }
}
