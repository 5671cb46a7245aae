using Kvs.Core.Index;
using Kvs.Core.Operations;

namespace Kvs.Core.Engines.Commit.Groups;

/// <summary>
/// Batches that share one frame, one append, one sync and one publication, and who waits for them. Reused.
/// Threading: the commit thread's until it is offered to the sync thread, then the sync thread's, which gives it back.
/// </summary>
internal sealed class CommitGroup
{
    /// <summary>The requests that were judged in it, by item and in order.</summary>
    internal List<GroupPart> Parts { get; } = [];

    /// <summary>Records that died in it, by the file they lie in: counted when the group is published, not before.</summary>
    internal List<DeadRecord> Dead { get; } = [];

    /// <summary>The state after it; null when it changed nothing (reads, refusals).</summary>
    internal IndexRoot? Root { get; set; }

    /// <summary>Whether it has a frame in the log.</summary>
    internal bool HasFrame { get; set; }

    /// <summary>Sequence of the last batch that was given when it ended.</summary>
    internal ulong LastSequence { get; set; }

    /// <summary>Whether readers see it; set by the sync thread.</summary>
    internal bool IsPublished { get; set; }

    /// <summary>Batches in its frame.</summary>
    internal int Batches { get; set; }

    /// <summary>Operations judged in it.</summary>
    internal int Operations { get; set; }

    /// <summary>Whether its append has begun: after a fault its batches may or may not be on disk.</summary>
    internal bool MayBeOnDisk { get; set; }

    /// <summary>Entries of the index that it moved to where compaction has copied their records.</summary>
    internal int Moves { get; set; }

    /// <summary>Whether there is nothing in it to append, to publish or to answer.</summary>
    internal bool IsEmpty => Parts.Count == 0 && Root is null;

    /// <summary>Bytes of its frame.</summary>
    internal int FrameBytes { get; set; }

    /// <summary>Expired keys that it removed.</summary>
    internal int Expired { get; set; }

    /// <summary>Bytes of live records that it added to the segment it was appended to.</summary>
    internal long LiveBytes { get; set; }

    /// <summary>The segment it was appended to.</summary>
    internal uint SegmentId { get; set; }

    /// <summary>The strongest durability that one of its requests was promised.</summary>
    internal Durability Durability { get; set; }

    /// <summary>Makes it ready for another use.</summary>
    internal void Clear()
    {
        Parts.Clear();
        Dead.Clear();
        Root = null;
        HasFrame = false;
        LastSequence = 0;
        IsPublished = false;
        Batches = 0;
        Operations = 0;
        MayBeOnDisk = false;
        Moves = 0;
        FrameBytes = 0;
        Expired = 0;
        LiveBytes = 0;
        SegmentId = 0;
        Durability = Durability.Default;
    }
}

/// <summary>Requests of one item that were judged in one group; an item that is larger than a group has several parts.</summary>
/// <param name="Item">The item.</param>
/// <param name="From">First request.</param>
/// <param name="To">Behind the last request; the first one when nothing but the end of the item is in this group.</param>
/// <param name="IsLast">Whether the item is answered with this group.</param>
internal readonly record struct GroupPart(WorkItem Item, int From, int To, bool IsLast);

/// <summary>A record that is of no use any more.</summary>
/// <param name="SegmentId">The file it lies in.</param>
/// <param name="Length">Its bytes.</param>
internal readonly record struct DeadRecord(uint SegmentId, uint Length);
