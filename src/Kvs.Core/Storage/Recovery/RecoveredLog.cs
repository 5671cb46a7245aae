using System.Collections.Immutable;
using Kvs.Core.Primitives;

namespace Kvs.Core.Storage.Recovery;

/// <summary>A log that is ready to be written again; all of it is on stable storage.</summary>
internal sealed record RecoveredLog
{
    /// <summary>What the scan found.</summary>
    internal required LogVerdict Verdict { get; init; }

    /// <summary>
    /// The epoch that this opening has begun: durable in the manifest; its first frame is yet to be written.
    /// </summary>
    internal required ulong Epoch { get; init; }

    /// <summary>The newest version in the log.</summary>
    internal KvsVersion Last => Verdict.Last;

    /// <summary>Log time of the newest group.</summary>
    internal long LogTimeMillis => Verdict.LogTimeMillis;

    /// <summary>The segment where writing goes on.</summary>
    internal required uint ActiveId { get; init; }

    /// <summary>Where in it the next envelope goes.</summary>
    internal required long ActiveOffset { get; init; }

    /// <summary>Later segments that are ready and unwritten, in order.</summary>
    internal required ImmutableArray<uint> ReadyIds { get; init; }
}
