using System.Collections.Immutable;
using Kvs.Core.Primitives;

namespace Kvs.Core.Storage.Recovery;

/// <summary>A log that is ready to be written again; all of it is on stable storage.</summary>
internal sealed record RecoveredLog
{
    /// <summary>What the scan found.</summary>
    internal required LogVerdict Verdict { get; init; }

    /// <summary>The newest epoch of the manifest: a standalone opening has begun it, and its first frame is yet to be written.</summary>
    internal required ulong Epoch { get; init; }

    /// <summary>
    /// Newest sequence that is known to be committed: what readers may see. All of a store of its own; of a member's log a
    /// lower bound.
    /// </summary>
    internal required ulong Committed { get; init; }

    /// <summary>The newest version in the log.</summary>
    internal KvsVersion Last => Verdict.Last;

    /// <summary>Log time of the newest group.</summary>
    internal long LogTimeMillis => Verdict.LogTimeMillis;

    /// <summary>The open segments that hold the rest of the log, in order; the last one is where writing goes on.</summary>
    internal required ImmutableArray<RecoveredPart> Parts { get; init; }

    /// <summary>The segment where writing goes on.</summary>
    internal uint ActiveId => Parts[^1].Id;

    /// <summary>Where in it the next envelope goes.</summary>
    internal long ActiveOffset => Parts[^1].End;

    /// <summary>Segments that were passed over and hold nothing.</summary>
    internal ImmutableArray<uint> PassedIds { get; init; } = [];

    /// <summary>Later segments that are ready and unwritten, in order.</summary>
    internal ImmutableArray<uint> ReadyIds { get; init; } = [];
}

/// <summary>An open segment as a part of the log.</summary>
/// <param name="Id">The segment.</param>
/// <param name="First">Its first sequence; that of its first frame to come when it has none.</param>
/// <param name="Last">Its last sequence; one less than the first when it has none.</param>
/// <param name="End">Bytes of it that count.</param>
/// <param name="LogTimeMillis">Log time of its newest group, or later.</param>
internal readonly record struct RecoveredPart(uint Id, ulong First, ulong Last, long End, long LogTimeMillis);
