namespace Kvs.TestKit.Device;

/// <summary>
/// What a simulated device remembers: files, names, and every change that no sync has covered, in order. It knows what
/// a sync covers and what a power cut may leave; calls, faults and handles are <see cref="SimulatedFileSystem"/>'s.
/// Threading: guarded by the device's gate; a crash point's copy is not changed any more.
/// </summary>
internal sealed class DeviceState
{
    /// <summary>What a disk writes in one piece.</summary>
    internal const int SectorBytes = 512;

    private readonly Dictionary<int, Inode> _inodes = [];
    private readonly Dictionary<string, Inode> _durableEntries = new(StringComparer.Ordinal);
    private int _inodesMade;

    /// <summary>Directories. They are durable when they are created, as the seam promises.</summary>
    internal HashSet<string> Directories { get; } = new(StringComparer.Ordinal);

    /// <summary>Files by path, as a running process sees them.</summary>
    internal Dictionary<string, Inode> Entries { get; } = new(StringComparer.Ordinal);

    /// <summary>Changes that no sync has covered, in order.</summary>
    internal List<PendingChange> Pending { get; } = [];

    /// <summary>Files that have a name or are open.</summary>
    internal IEnumerable<Inode> LiveInodes => _inodes.Values
        .Where(inode => inode.Handles > 0 || inode.Mappings.Count > 0 || Entries.ContainsValue(inode));

    /// <summary>The same device, with nothing open: page cache, stable storage and pending changes.</summary>
    /// <returns>The copy.</returns>
    internal DeviceState Clone()
    {
        var copy = new DeviceState { _inodesMade = _inodesMade };
        copy.Directories.UnionWith(Directories);
        copy.Pending.AddRange(Pending);
        CopyEntries(Entries, copy.Entries, copy);
        CopyEntries(_durableEntries, copy._durableEntries, copy);
        foreach (var change in Pending.OfType<PendingEntry>())
        {
            copy.Adopt(_inodes[change.Inode]);
        }

        copy.Pending.RemoveAll(change => !copy._inodes.ContainsKey(InodeOf(change)));
        return copy;
    }

    /// <summary>Adds a file.</summary>
    /// <param name="path">Its path, which is free.</param>
    /// <returns>The file.</returns>
    internal Inode Create(string path)
    {
        var inode = new Inode(++_inodesMade);
        _inodes.Add(inode.Number, inode);
        Entries.Add(path, inode);
        Pending.Add(new PendingEntry(Path.GetDirectoryName(path)!, Removed: null, Added: path, inode.Number));
        return inode;
    }

    /// <summary>Renames a file, over another one where there is one.</summary>
    /// <param name="source">Its path.</param>
    /// <param name="target">Its new path.</param>
    internal void Rename(string source, string target)
    {
        Entries.Remove(source, out var inode);
        Entries[target] = inode!;
        Pending.Add(new PendingEntry(Path.GetDirectoryName(target)!, Removed: source, Added: target, inode!.Number));
    }

    /// <summary>Removes a file's name.</summary>
    /// <param name="path">Its path.</param>
    internal void Delete(string path)
    {
        Entries.Remove(path, out var inode);
        Pending.Add(new PendingEntry(Path.GetDirectoryName(path)!, Removed: path, Added: null, inode!.Number));
    }

    /// <summary>Makes a file's changes durable, except those that an earlier failed sync has lost.</summary>
    /// <param name="inode">The file.</param>
    internal void Sync(Inode inode)
    {
        var covered = Pending.Where(change => IsData(change, inode)).ToList();
        if (!covered.Exists(change => change.Lost))
        {
            inode.Durable = inode.Cached.Clone();
            Pending.RemoveAll(change => IsData(change, inode));
            return;
        }

        foreach (var change in covered.Where(change => !change.Lost))
        {
            Pending.Remove(change);
            SyncOverLost(inode, change);
        }
    }

    /// <summary>A failed sync: the kernel marks dirty pages clean, so that no later sync writes them.</summary>
    /// <param name="inode">The file.</param>
    internal void LoseData(Inode inode)
    {
        for (var i = 0; i < Pending.Count; i++)
        {
            if (IsData(Pending[i], inode))
            {
                Pending[i] = Pending[i] with { Lost = true };
            }
        }
    }

    /// <summary>Makes the changes of a directory durable, except those that an earlier failed sync has lost.</summary>
    /// <param name="directory">The directory.</param>
    internal void SyncDirectory(string directory)
    {
        var covered = Pending.OfType<PendingEntry>()
            .Where(change => !change.Lost && change.Directory == directory)
            .ToList();
        foreach (var change in covered)
        {
            Pending.Remove(change);
            Pending.RemoveAll(other => other is PendingEntry { Lost: true } lost && lost.Touches(change));
            ApplyEntry(change);
        }
    }

    /// <summary>A failed sync of a directory: as <see cref="LoseData"/>.</summary>
    /// <param name="directory">The directory.</param>
    internal void LoseEntries(string directory)
    {
        for (var i = 0; i < Pending.Count; i++)
        {
            if (Pending[i] is PendingEntry entry && entry.Directory == directory)
            {
                Pending[i] = entry with { Lost = true };
            }
        }
    }

    /// <summary>Turns this copy into what a power cut left: stable storage and the units that reached it.</summary>
    /// <param name="reached">The units, in order.</param>
    internal void PowerOff(IEnumerable<LeftoverUnit> reached)
    {
        foreach (var unit in reached)
        {
            switch (Pending[unit.Change])
            {
                case PendingWrite write:
                    _inodes[write.Inode].Durable.Write(
                        write.Offset + unit.Start, write.Bytes.Span.Slice(unit.Start, unit.Length));
                    break;
                case PendingLength length:
                    _inodes[length.Inode].Durable.SetLength(length.Length);
                    break;
                case PendingEntry entry:
                    ApplyEntry(entry);
                    break;
            }
        }

        Pending.Clear();
        Entries.Clear();
        foreach (var (path, inode) in _durableEntries)
        {
            inode.Cached = inode.Durable.Clone();
            Entries.Add(path, inode);
        }
    }

    private static bool IsData(PendingChange change, Inode inode) =>
        change is not PendingEntry && InodeOf(change) == inode.Number;

    private static int InodeOf(PendingChange change) => change switch
    {
        PendingWrite write => write.Inode,
        PendingLength length => length.Inode,
        PendingEntry entry => entry.Inode,
        _ => throw new InvalidOperationException("Unknown change."),
    };

    private static void CopyEntries(
        Dictionary<string, Inode> source, Dictionary<string, Inode> target, DeviceState copy)
    {
        foreach (var (path, inode) in source)
        {
            target.Add(path, copy.Adopt(inode));
        }
    }

    private Inode Adopt(Inode inode)
    {
        if (!_inodes.TryGetValue(inode.Number, out var copy))
        {
            copy = inode.Clone();
            _inodes.Add(copy.Number, copy);
        }

        return copy;
    }

    private void ApplyEntry(PendingEntry change)
    {
        if (change.Removed is not null
            && _durableEntries.TryGetValue(change.Removed, out var there)
            && there.Number == change.Inode)
        {
            _durableEntries.Remove(change.Removed);
        }

        if (change.Added is not null)
        {
            _durableEntries[change.Added] = _inodes[change.Inode];
        }
    }

    // Whole sectors go to the disk as the page cache shows them, so that lost bytes which share a sector with covered
    // ones are saved by them; the others stay lost.
    private void SyncOverLost(Inode inode, PendingChange change)
    {
        if (change is PendingLength length)
        {
            inode.Durable.SetLength(length.Length);
            return;
        }

        var write = (PendingWrite)change;
        var from = write.Offset / SectorBytes * SectorBytes;
        var to = Math.Min((write.End + SectorBytes - 1) / SectorBytes * SectorBytes, inode.Cached.Length);
        if (to <= from)
        {
            return; // cut off meanwhile
        }

        var sectors = new byte[to - from];
        inode.Cached.Read(from, sectors);
        inode.Durable.Write(from, sectors);
        for (var i = Pending.Count - 1; i >= 0; i--)
        {
            if (Pending[i] is PendingWrite { Lost: true } lost && lost.Inode == inode.Number)
            {
                Pending.RemoveAt(i);
                Pending.InsertRange(i, lost.Outside(from, to));
            }
        }
    }
}
