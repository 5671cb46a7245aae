using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Server.Engines;

/// <summary>How a <see cref="SqliteEngine"/> behaves.</summary>
internal sealed record SqliteEngineOptions
{
    /// <summary>
    /// How durable a write is when it is acknowledged: always is synchronous=FULL, interval is NORMAL with a checkpoint
    /// on a clock, os is OFF.
    /// </summary>
    internal Durability Durability { get; init; } = Durability.Always;

    /// <summary>Under <see cref="Durability.Interval"/>: the longest that a write waits for its sync.</summary>
    internal TimeSpan SyncInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Limits of a request.</summary>
    internal WriteLimits WriteLimits { get; init; } = WriteLimits.Default;

    /// <summary>Bytes of writes that may wait; beyond it work is refused as overloaded.</summary>
    internal long QueuedBytesMax { get; init; } = Limits.QueuedBytesMax;
}
