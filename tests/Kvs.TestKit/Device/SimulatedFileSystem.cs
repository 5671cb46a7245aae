using Kvs.Core.Platform;

namespace Kvs.TestKit.Device;

/// <summary>
/// A disk in memory that forgets as a real one does. Writes are in the page cache until their file is synced, names
/// until their directory is; a crash point tells what a power cut may leave. Any call can be made to fail. Misuse that
/// no system forgives is thrown and kept. Threading: any thread, one call at a time.
/// </summary>
internal sealed class SimulatedFileSystem : IFileSystem
{
    private const int TraceLength = 200;
    private const int WindowsUserMappedFile = unchecked((int)0x800704C8);
    private const int FileExistsError = 17; // EEXIST

    private readonly Lock _gate = new();
    private readonly DeviceState _state; // guarded by _gate, as all below
    private readonly FaultPlan _faults = new();
    private readonly Queue<DeviceCall> _trace = new();
    private readonly HashSet<object> _open = [];
    private readonly HashSet<string> _locks = new(StringComparer.Ordinal);
    private readonly List<SimulatedMapping> _closedMappings = []; // kept, so that late readers find a pattern
    private readonly List<string> _misuse = [];
    private long _calls;

    /// <summary>An empty device.</summary>
    internal SimulatedFileSystem()
        : this(new DeviceState())
    {
    }

    private SimulatedFileSystem(DeviceState state) => _state = state;

    /// <summary>Room on the device in bytes, taken by pages of 4 KiB as they are written; no limit by default.</summary>
    internal long CapacityBytes { get; set; } = long.MaxValue;

    /// <summary>Whether it refuses to delete, rename, replace or cut a mapped file, as Windows does.</summary>
    internal bool RefusesChangesOfMappedFiles { get; set; }

    /// <summary>
    /// Called whenever mapped memory is touched, with the path; null while all of it is in memory. A real machine waits
    /// there for the disk, and says before that it would.
    /// </summary>
    internal Action<string>? OnPageFault { get; set; }

    /// <summary>
    /// Called before each counted call, with the device as the calls before left it: the place to take crash points.
    /// </summary>
    internal Action<DeviceCall>? BeforeCall { get; set; }

    /// <summary>Calls so far.</summary>
    internal long Calls => Interlocked.Read(ref _calls);

    /// <summary>Injected faults that have struck so far.</summary>
    internal int FaultsStruck => Guarded(() => _faults.Struck);

    /// <summary>Bytes that files take, deleted ones that are still open included.</summary>
    internal long UsedBytes => Guarded(() => _state.LiveInodes.Sum(inode => inode.Cached.AllocatedBytes));

    /// <summary>Makes calls fail.</summary>
    /// <param name="kinds">Which calls are counted.</param>
    /// <param name="fault">How the call fails.</param>
    /// <param name="nth">The call that fails, from 1 for the next one.</param>
    /// <param name="forGood">Whether all later ones fail too.</param>
    /// <param name="where">Which paths are counted; all when null.</param>
    internal void Fail(
        CallKinds kinds, FaultKind fault, long nth = 1, bool forGood = false, Predicate<string>? where = null) =>
        Guarded(() => _faults.Add(kinds, fault, nth, forGood, where));

    /// <summary>Takes all faults away.</summary>
    internal void ClearFaults() => Guarded(_faults.Clear);

    /// <summary>Keeps this moment, to cut the power or kill the process at it.</summary>
    /// <returns>The moment.</returns>
    internal CrashPoint Capture() => Guarded(() => new CrashPoint(_state.Clone(), _calls, Restart));

    /// <summary>The last calls, one a line, for failure messages.</summary>
    /// <returns>The lines.</returns>
    internal string Trace() => Guarded(() => string.Join(Environment.NewLine, _trace));

    /// <summary>Throws when anything is open, mapped or locked, or was misused.</summary>
    internal void CheckClean()
    {
        lock (_gate)
        {
            var open = _open.Select(thing => thing switch
            {
                SimulatedFile file => $"'{file.Path}' is open",
                SimulatedMapping mapping => $"'{mapping.Path}' is mapped",
                _ => "unknown",
            });
            var locked = _locks.Select(path => $"'{path}' is locked");
            string[] findings = [.. _misuse, .. open.Order(StringComparer.Ordinal), .. locked];
            if (findings.Length > 0)
            {
                throw new DeviceMisuseException($"{string.Join("; ", findings)}.");
            }
        }
    }

    /// <summary>Changes bytes of a file, durably and in the page cache, as a bad disk does. Not counted.</summary>
    /// <param name="path">The file.</param>
    /// <param name="offset">Bytes from the start.</param>
    /// <param name="bytes">What lies there from now on.</param>
    internal void Damage(string path, long offset, ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            var inode = Existing(path);
            inode.Write(offset, bytes);
            inode.Durable.Write(offset, bytes);
        }
    }

    /// <summary>The bytes of a file as a running process sees them. No call is counted.</summary>
    /// <param name="path">The file.</param>
    /// <returns>A copy.</returns>
    internal byte[] ReadAll(string path)
    {
        lock (_gate)
        {
            var inode = Existing(path);
            var bytes = new byte[inode.Cached.Length];
            inode.Cached.Read(0, bytes);
            return bytes;
        }
    }

    /// <summary>Puts a file on the device, at once durable, over another one where there is one. Not counted.</summary>
    /// <param name="path">The file.</param>
    /// <param name="bytes">What it holds.</param>
    internal void WriteAll(string path, ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            var inode = _state.Entries.TryGetValue(path, out var there) ? there : _state.Create(path);
            inode.Cached.SetLength(0);
            inode.Cached.Write(0, bytes);
            _state.Pending.Add(new PendingLength(inode.Number, bytes.Length));
            _state.Sync(inode);
            _state.SyncDirectory(Path.GetDirectoryName(path)!);
        }
    }

    /// <inheritdoc/>
    public void CreateDirectory(string path)
    {
        lock (_gate)
        {
            FailPlainly(Enter(CallKinds.CreateDirectory, path), path);
            for (var at = path; !string.IsNullOrEmpty(at); at = Path.GetDirectoryName(at))
            {
                _state.Directories.Add(at);
            }
        }
    }

    /// <inheritdoc/>
    public bool DirectoryExists(string path) => Guarded(() => _state.Directories.Contains(path));

    /// <inheritdoc/>
    public bool FileExists(string path) => Guarded(() => _state.Entries.ContainsKey(path));

    /// <inheritdoc/>
    public IReadOnlyList<string> ListFiles(string directory)
    {
        lock (_gate)
        {
            FailPlainly(Enter(CallKinds.List, directory), directory);
            CheckDirectory(directory);
            return [.. _state.Entries.Keys
                .Where(path => Path.GetDirectoryName(path) == directory)
                .Select(path => Path.GetFileName(path)!)
                .Order(StringComparer.Ordinal)];
        }
    }

    /// <inheritdoc/>
    public IFile Create(string path)
    {
        lock (_gate)
        {
            FailPlainly(Enter(CallKinds.Create, path), path);
            CheckDirectory(Path.GetDirectoryName(path)!);
            if (_state.Entries.ContainsKey(path))
            {
                throw new IOException($"The file '{path}' already exists.", FileExistsError);
            }

            return OpenHandle(_state.Create(path), path, writable: true);
        }
    }

    /// <inheritdoc/>
    public IFile Open(string path, bool writable)
    {
        lock (_gate)
        {
            FailPlainly(Enter(CallKinds.Open, path), path);
            return OpenHandle(Existing(path), path, writable);
        }
    }

    /// <inheritdoc/>
    public void Rename(string source, string target)
    {
        lock (_gate)
        {
            FailPlainly(Enter(CallKinds.Rename, source, target), source);
            CheckUnmapped(Existing(source), source);
            if (_state.Entries.TryGetValue(target, out var replaced))
            {
                CheckUnmapped(replaced, target);
            }

            if (Path.GetDirectoryName(source) != Path.GetDirectoryName(target))
            {
                throw Misused($"'{source}' was renamed into another directory, '{target}'");
            }

            _state.Rename(source, target);
        }
    }

    /// <inheritdoc/>
    public void Delete(string path)
    {
        lock (_gate)
        {
            FailPlainly(Enter(CallKinds.Delete, path), path);
            if (_state.Entries.TryGetValue(path, out var inode))
            {
                CheckUnmapped(inode, path);
                _state.Delete(path);
            }
        }
    }

    /// <inheritdoc/>
    public void SyncDirectory(string directory)
    {
        lock (_gate)
        {
            var fault = Enter(CallKinds.SyncDirectory, directory);
            CheckDirectory(directory);
            if (fault == FaultKind.LyingSync)
            {
                return;
            }

            if (fault is not null)
            {
                _state.LoseEntries(directory);
                FailPlainly(fault, directory);
            }

            _state.SyncDirectory(directory);
        }
    }

    /// <inheritdoc/>
    public void Protect(string path)
    {
        // The simulated machine has one user.
    }

    /// <inheritdoc/>
    public long AvailableBytes(string directory) =>
        CapacityBytes == long.MaxValue ? long.MaxValue : Math.Max(0, CapacityBytes - UsedBytes);

    /// <inheritdoc/>
    public IDisposable? TryLock(string path)
    {
        lock (_gate)
        {
            CheckDirectory(Path.GetDirectoryName(path)!);
            if (!_locks.Add(path))
            {
                return null;
            }

            if (!_state.Entries.ContainsKey(path))
            {
                _state.Create(path);
            }

            return new HeldLock(this, path);
        }
    }

    /// <summary>Notes a misuse, so that it is found even where the exception is swallowed.</summary>
    /// <param name="what">What was done.</param>
    /// <returns>The exception to throw.</returns>
    internal DeviceMisuseException Misused(string what)
    {
        lock (_gate)
        {
            _misuse.Add(what);
            return new DeviceMisuseException($"{what}. Last calls:{Environment.NewLine}{Trace()}");
        }
    }

    internal long LengthOf(Inode inode) => Guarded(() => inode.Cached.Length);

    internal int Read(Inode inode, string path, long offset, Span<byte> target)
    {
        lock (_gate)
        {
            FailPlainly(Enter(CallKinds.Read, path, offset: offset, length: target.Length), path);
            return inode.Cached.Read(offset, target);
        }
    }

    internal void Write(Inode inode, string path, long offset, ReadOnlySpan<byte> source)
    {
        lock (_gate)
        {
            var fault = Enter(CallKinds.Write, path, offset: offset, length: source.Length);
            var fitting = fault switch
            {
                null or FaultKind.LyingSync => Fitting(inode, offset, source.Length),
                FaultKind.ShortWrite => source.Length / 2,
                _ => 0,
            };
            if (fitting > 0)
            {
                inode.Write(offset, source[..fitting]);
                _state.Pending.Add(new PendingWrite(inode.Number, offset, source[..fitting].ToArray()));
            }

            FailPlainly(fault, path);
            if (fitting < source.Length)
            {
                throw FileFailure.DiskFull(path);
            }
        }
    }

    internal void SetLength(Inode inode, string path, long length)
    {
        lock (_gate)
        {
            FailPlainly(Enter(CallKinds.SetLength, path, length: length), path);
            if (inode.Mappings.Exists(mapping => mapping.Length > length))
            {
                CheckUnmapped(inode, path);
                throw Misused($"'{path}' was cut to {length} bytes while it is mapped");
            }

            inode.Cached.SetLength(length);
            _state.Pending.Add(new PendingLength(inode.Number, length));
        }
    }

    internal void SyncData(Inode inode, string path)
    {
        lock (_gate)
        {
            var fault = Enter(CallKinds.Sync, path);
            if (fault == FaultKind.LyingSync)
            {
                return;
            }

            if (fault is not null)
            {
                _state.LoseData(inode);
                FailPlainly(fault, path);
            }

            _state.Sync(inode);
        }
    }

    internal SimulatedMapping Map(Inode inode, string path)
    {
        lock (_gate)
        {
            FailPlainly(Enter(CallKinds.Map, path), path);
            var mapping = new SimulatedMapping(this, inode, path);
            inode.Mappings.Add(mapping);
            _open.Add(mapping);
            return mapping;
        }
    }

    internal void Unmap(SimulatedMapping mapping, Inode inode)
    {
        lock (_gate)
        {
            inode.Mappings.Remove(mapping);
            _open.Remove(mapping);
            mapping.Spoil();
            _closedMappings.Add(mapping);
        }
    }

    internal void Close(SimulatedFile file, Inode inode)
    {
        lock (_gate)
        {
            inode.Handles--;
            _open.Remove(file);
        }
    }

    private static void FailPlainly(FaultKind? fault, string path)
    {
        switch (fault)
        {
            case FaultKind.DeviceError or FaultKind.ShortWrite:
                throw FileFailure.DeviceError(path);
            case FaultKind.DiskFull:
                throw FileFailure.DiskFull(path);
        }
    }

    private SimulatedFileSystem Restart(DeviceState state) => new(state)
    {
        CapacityBytes = CapacityBytes,
        RefusesChangesOfMappedFiles = RefusesChangesOfMappedFiles,
    };

    private FaultKind? Enter(CallKinds kind, string path, string? target = null, long offset = 0, long length = 0)
    {
        var call = new DeviceCall(_calls + 1, kind, path, target, offset, length);
        BeforeCall?.Invoke(call);
        _calls++;
        if (_trace.Count == TraceLength)
        {
            _trace.Dequeue();
        }

        _trace.Enqueue(call);
        return _faults.Judge(call);
    }

    private int Fitting(Inode inode, long offset, int count) => CapacityBytes == long.MaxValue
        ? count
        : (int)inode.Cached.Fitting(offset, count, Math.Max(0, CapacityBytes - UsedBytes));

    private SimulatedFile OpenHandle(Inode inode, string path, bool writable)
    {
        var file = new SimulatedFile(this, inode, path, writable);
        inode.Handles++;
        _open.Add(file);
        return file;
    }

    private Inode Existing(string path) => _state.Entries.TryGetValue(path, out var inode)
        ? inode
        : throw new FileNotFoundException($"Could not find file '{path}'.", path);

    private void CheckDirectory(string path)
    {
        if (!_state.Directories.Contains(path))
        {
            throw new DirectoryNotFoundException($"Could not find directory '{path}'.");
        }
    }

    private void CheckUnmapped(Inode inode, string path)
    {
        if (RefusesChangesOfMappedFiles && inode.Mappings.Count > 0)
        {
            throw new IOException($"'{path}' has a user-mapped section open.", WindowsUserMappedFile);
        }
    }

    private T Guarded<T>(Func<T> action)
    {
        lock (_gate)
        {
            return action();
        }
    }

    private void Guarded(Action action)
    {
        lock (_gate)
        {
            action();
        }
    }

    private sealed class HeldLock(SimulatedFileSystem device, string path) : IDisposable
    {
        private bool _released;

        public void Dispose()
        {
            lock (device._gate)
            {
                if (!_released)
                {
                    _released = true;
                    device._locks.Remove(path);
                }
            }
        }
    }
}
