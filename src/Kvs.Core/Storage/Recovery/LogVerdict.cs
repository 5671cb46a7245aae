using System.Collections.Immutable;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Storage.Recovery;

/// <summary>What the scan of the open log segments found. Nothing has been changed by it.</summary>
internal sealed record LogVerdict
{
    /// <summary>The newest version of the valid log.</summary>
    internal required KvsVersion Last { get; init; }

    /// <summary>The newest version of the valid log that some envelope or the manifest proves to be synced.</summary>
    internal required KvsVersion Proven { get; init; }

    /// <summary>What each open segment holds of the valid log, in log order.</summary>
    internal required ImmutableArray<SegmentExtent> Extents { get; init; }

    /// <summary>Index of the segment where the valid log ends; -1 when there is no open segment.</summary>
    internal required int LastExtent { get; init; }

    /// <summary>Epochs that begin in the scanned frames.</summary>
    internal required ImmutableArray<EpochEntry> Epochs { get; init; }

    /// <summary>Log time of the newest frame, or the manifest's.</summary>
    internal required long LogTimeMillis { get; init; }

    /// <summary>Commit sequence of the newest frame, or the manifest's.</summary>
    internal required ulong CommitSequence { get; init; }

    /// <summary>Whether a batch of the scanned frames says who asked for it.</summary>
    internal required bool HasOrigins { get; init; }

    /// <summary>Whether bytes of this log's own follow behind its valid end: a torn tail.</summary>
    internal required bool TailIsTorn { get; init; }
}

/// <summary>What one open segment holds of the valid log.</summary>
/// <param name="Identity">The segment.</param>
/// <param name="End">Bytes up to the end of its last valid frame or mark.</param>
/// <param name="ProvenEnd">
/// Bytes up to the first frame that nothing proves to be synced; at most <paramref name="End"/>.
/// </param>
/// <param name="FirstSequence">Its first sequence; 0 when it has none.</param>
/// <param name="LastSequence">Its last sequence; 0 when it has none.</param>
/// <param name="LogTimeMillis">Log time at its proven end, or later.</param>
/// <param name="IsCut">Whether the log was cut in it: it is not written any more.</param>
internal sealed record SegmentExtent(
    SegmentIdentity Identity,
    long End,
    long ProvenEnd,
    ulong FirstSequence,
    ulong LastSequence,
    long LogTimeMillis,
    bool IsCut);
