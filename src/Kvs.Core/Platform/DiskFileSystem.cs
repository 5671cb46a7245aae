namespace Kvs.Core.Platform;

/// <summary>
/// The files of this machine. Thin: it maps the seam to system calls and turns every refusal into an
/// <see cref="IOException"/>; what is synced when is its callers' business. Threading: any thread.
/// </summary>
internal sealed class DiskFileSystem : IFileSystem
{
    // Others may read, write and unlink: exclusion is the lock file's job, and Windows would else refuse to unlink.
    private const FileShare Shared = FileShare.ReadWrite | FileShare.Delete;

    /// <inheritdoc/>
    public void CreateDirectory(string path)
    {
        // Each new level is a new entry of its parent, which a power cut can take back until the parent is synced.
        var missing = new Stack<string>();
        for (var at = Path.GetFullPath(path); !Directory.Exists(at); at = Path.GetDirectoryName(at)!)
        {
            missing.Push(at);
        }

        foreach (var directory in missing)
        {
            Guarded(directory, static target => Directory.CreateDirectory(target));
            SyncDirectory(Path.GetDirectoryName(directory)!);
        }
    }

    /// <inheritdoc/>
    public bool DirectoryExists(string path) => Directory.Exists(path);

    /// <inheritdoc/>
    public bool FileExists(string path) => File.Exists(path);

    /// <inheritdoc/>
    public IReadOnlyList<string> ListFiles(string directory)
    {
        var names = Guarded(directory, static target => Directory.GetFiles(target));
        for (var i = 0; i < names.Length; i++)
        {
            names[i] = Path.GetFileName(names[i]);
        }

        Array.Sort(names, StringComparer.Ordinal);
        return names;
    }

    /// <inheritdoc/>
    public IFile Create(string path) => new DiskFile(path, Guarded(path, static target =>
        File.OpenHandle(target, FileMode.CreateNew, FileAccess.ReadWrite, Shared)));

    /// <inheritdoc/>
    public IFile Open(string path, bool writable) => new DiskFile(path, writable
        ? Guarded(path, static target => File.OpenHandle(target, FileMode.Open, FileAccess.ReadWrite, Shared))
        : Guarded(path, static target => File.OpenHandle(target, FileMode.Open, FileAccess.Read, Shared)));

    /// <inheritdoc/>
    public void Rename(string source, string target) =>
        Guarded(source, _ =>
        {
            File.Move(source, target, overwrite: true);
            return true;
        });

    /// <inheritdoc/>
    public void Delete(string path) =>
        Guarded(path, static target =>
        {
            File.Delete(target);
            return true;
        });

    /// <inheritdoc/>
    public void SyncDirectory(string directory) => DiskSync.Directory(directory);

    /// <inheritdoc/>
    public void Protect(string path)
    {
        Guarded(path, static target =>
        {
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(target, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            return true;
        });
    }

    /// <inheritdoc/>
    public long AvailableBytes(string directory)
    {
        // On Unix any path names its mount; on Windows only a drive can be asked.
        var volume = OperatingSystem.IsWindows() ? Path.GetPathRoot(Path.GetFullPath(directory))! : directory;
        return Guarded(volume, static target => new DriveInfo(target).AvailableFreeSpace);
    }

    /// <inheritdoc/>
    public IDisposable? TryLock(string path) => DiskLock.TryTake(path);

    // The runtime reports EACCES, EPERM and EISDIR by an exception that is no IOException; callers shall see one kind.
    private static T Guarded<T>(string path, Func<string, T> action)
    {
        try
        {
            return action(path);
        }
        catch (UnauthorizedAccessException refused)
        {
            throw new IOException($"Access to '{path}' is refused: {refused.Message}", refused);
        }
    }
}
