using System.Runtime.InteropServices;
using Kvs.Core.Engines.Commit.Groups;
using Kvs.Core.Primitives;

namespace Kvs.Core.Engines.Compaction;

/// <summary>
/// Bytes of live records in each file, judged by what is published: an unpublished overwrite may yet vanish, so a group
/// counts when readers see it. All other bytes of a file (overwritten records, tombstones, frames) are dead.
/// Threading: guarded by its gate; the sync thread counts, the compaction thread adds and drops files, anyone reads.
/// </summary>
internal sealed class SegmentUsage
{
    private readonly Lock _gate = new();
    private readonly Dictionary<uint, long> _liveBytes = []; // guarded by _gate
    private readonly Dictionary<uint, long> _tombstoneBytes = []; // guarded by _gate
    private long _total; // guarded by _gate

    /// <summary>Bytes of live records in all files.</summary>
    internal long LiveBytes
    {
        get
        {
            lock (_gate)
            {
                return _total;
            }
        }
    }

    /// <summary>Bytes of live records in a file.</summary>
    /// <param name="segmentId">The file.</param>
    internal long LiveBytesOf(uint segmentId)
    {
        lock (_gate)
        {
            return _liveBytes.GetValueOrDefault(segmentId);
        }
    }

    /// <summary>Counts live records.</summary>
    /// <param name="segmentId">The file they lie in.</param>
    /// <param name="bytes">Their bytes; negative when they have died.</param>
    internal void Add(uint segmentId, long bytes)
    {
        lock (_gate)
        {
            AddLocked(segmentId, bytes);
        }
    }

    /// <summary>Bytes of tombstones in a data segment that had to be kept when it was written (or loaded).</summary>
    /// <param name="segmentId">The file.</param>
    internal long TombstoneBytesOf(uint segmentId)
    {
        lock (_gate)
        {
            return _tombstoneBytes.GetValueOrDefault(segmentId);
        }
    }

    /// <summary>Counts tombstones that are the newest record of their key.</summary>
    /// <param name="segmentId">The file they lie in.</param>
    /// <param name="bytes">Their bytes.</param>
    internal void AddTombstones(uint segmentId, long bytes)
    {
        lock (_gate)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_tombstoneBytes, segmentId, out _) += bytes;
        }
    }

    /// <summary>Counts what a group has brought and what has died in it.</summary>
    /// <param name="group">The group, just published.</param>
    internal void Count(CommitGroup group)
    {
        lock (_gate)
        {
            if (group.LiveBytes != 0)
            {
                AddLocked(group.SegmentId, group.LiveBytes);
            }

            foreach (var dead in CollectionsMarshal.AsSpan(group.Dead))
            {
                AddLocked(dead.SegmentId, -(long)dead.Length);
            }
        }
    }

    /// <summary>Forgets a file that is dropped.</summary>
    /// <param name="segmentId">The file.</param>
    internal void Drop(uint segmentId)
    {
        lock (_gate)
        {
            _tombstoneBytes.Remove(segmentId);
            if (_liveBytes.Remove(segmentId, out var bytes))
            {
                _total -= bytes;
            }
        }
    }

    private void AddLocked(uint segmentId, long bytes)
    {
        ref var live = ref CollectionsMarshal.GetValueRefOrAddDefault(_liveBytes, segmentId, out _);
        live += bytes;
        _total += bytes;
        Check.That(live >= 0);
    }
}
