namespace Kvs.Core.Engines.Commit.Groups;

/// <summary>
/// Passes groups from the commit thread (appended) to the sync thread and empty ones back. It holds two at most, one in
/// the sync and one behind it: that overlaps all that can be overlapped, and what comes meanwhile gathers into one larger
/// group. So unpublished groups are bounded in bytes and index pages too, as each group is.
/// Threading: guarded by its gate, which is held for a few instructions only.
/// </summary>
internal sealed class GroupHandOff
{
    private const int GroupsMax = 2;

    private readonly Lock _gate = new();
    private readonly Queue<CommitGroup> _appended = new(); // guarded by _gate
    private readonly Stack<CommitGroup> _free = new(); // guarded by _gate
    private int _held; // guarded by _gate: offered and not yet returned

    /// <summary>Whether the commit thread may begin another group; if not, the return of one wakes it.</summary>
    internal bool HasRoom
    {
        get
        {
            lock (_gate)
            {
                return _held < GroupsMax;
            }
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

    /// <summary>Gives a published (or failed) group back, once all its items are answered. Sync thread.</summary>
    /// <param name="group">The group.</param>
    internal void Return(CommitGroup group)
    {
        group.Clear();
        lock (_gate)
        {
            _held--;
            _free.Push(group);
        }
    }
}
