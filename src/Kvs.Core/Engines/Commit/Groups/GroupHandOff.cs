namespace Kvs.Core.Engines.Commit.Groups;

/// <summary>
/// Passes groups from the commit thread (appended) to the sync thread and empty ones back. Two at most are on their way
/// through the sync, one in it and one behind it: that overlaps all that can be overlapped, and what comes meanwhile
/// gathers into one larger group. Behind the sync the groups of a member wait for their commit: those are bounded by
/// number, by bytes and by the index pages that they hold.
/// Threading: guarded by its gate, which is held for a few instructions only.
/// </summary>
internal sealed class GroupHandOff
{
    /// <summary>Groups before and in the sync.</summary>
    private const int UnsyncedMax = 2;

    /// <summary>Groups that are not published: each has an index root.</summary>
    private const int GroupsMax = 4096;

    /// <summary>Bytes of frames that are not published (256 MiB).</summary>
    private const long FrameBytesMax = 256L * 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly Queue<CommitGroup> _appended = new(); // guarded by _gate
    private readonly Stack<CommitGroup> _free = new(); // guarded by _gate
    private int _unsynced; // guarded by _gate: offered and not yet through the sync
    private int _held; // guarded by _gate: offered and not yet returned
    private long _frameBytes; // guarded by _gate: of those

    /// <summary>Bytes of index pages that unpublished groups have made.</summary>
    internal required long PageBytesMax { get; init; }

    /// <summary>Whether the commit thread may begin another group; if not, it is woken when one goes on.</summary>
    /// <param name="unpublishedPageBytes">Bytes of index pages that unpublished groups hold.</param>
    internal bool HasRoom(long unpublishedPageBytes)
    {
        lock (_gate)
        {
            return _unsynced < UnsyncedMax
                && (_held < UnsyncedMax
                    || (_held < GroupsMax && _frameBytes < FrameBytesMax && unpublishedPageBytes < PageBytesMax));
        }
    }

    /// <summary>Whether every group that was offered has been returned.</summary>
    internal bool IsIdle
    {
        get
        {
            lock (_gate)
            {
                return _held == 0;
            }
        }
    }

    /// <summary>An empty group. Commit thread.</summary>
    internal CommitGroup Rent()
    {
        lock (_gate)
        {
            return _free.TryPop(out var group) ? group : new CommitGroup();
        }
    }

    /// <summary>Passes an appended group on. Commit thread.</summary>
    /// <param name="group">The group, which is the sync thread's from now on.</param>
    internal void Offer(CommitGroup group)
    {
        lock (_gate)
        {
            _held++;
            _unsynced++;
            _frameBytes += group.FrameBytes;
            _appended.Enqueue(group);
        }
    }

    /// <summary>Takes all groups that were offered. Sync thread.</summary>
    /// <param name="groups">Filled, in order.</param>
    internal void TakeAppended(List<CommitGroup> groups)
    {
        lock (_gate)
        {
            while (_appended.TryDequeue(out var group))
            {
                groups.Add(group);
            }
        }
    }

    /// <summary>Notes that groups are as durable as promised; they may wait for their commit now. Sync thread.</summary>
    /// <param name="count">How many.</param>
    internal void Synced(int count)
    {
        lock (_gate)
        {
            _unsynced -= count;
        }
    }

    /// <summary>Gives a published (or failed) group back, once all its items are answered. Sync thread.</summary>
    /// <param name="group">The group.</param>
    /// <param name="wasSynced">Whether <see cref="Synced"/> has counted it.</param>
    internal void Return(CommitGroup group, bool wasSynced)
    {
        var frameBytes = group.FrameBytes;
        group.Clear();
        lock (_gate)
        {
            _held--;
            _unsynced -= wasSynced ? 0 : 1;
            _frameBytes -= frameBytes;
            _free.Push(group);
        }
    }
}
