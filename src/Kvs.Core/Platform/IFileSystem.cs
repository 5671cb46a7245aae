namespace Kvs.Core.Platform;

/// <summary>
/// The seam to files: everything that the store does to a disk goes through here, so that tests can cut the power, fail
/// the n-th call or lie about a sync. Paths are full paths. Failures are <see cref="IOException"/>; a full disk is one
/// for which <see cref="FileFailure.IsDiskFull"/> holds.
/// </summary>
internal interface IFileSystem
{
    /// <summary>Creates the directory and its parents, durably; nothing when it is there.</summary>
    /// <param name="path">The directory.</param>
    void CreateDirectory(string path);

    /// <summary>Whether a directory is there.</summary>
    /// <param name="path">The directory.</param>
    bool DirectoryExists(string path);

    /// <summary>Whether a file is there.</summary>
    /// <param name="path">The file.</param>
    bool FileExists(string path);

    /// <summary>Names (not paths) of the files in a directory, in ordinal order.</summary>
    /// <param name="directory">The directory.</param>
    IReadOnlyList<string> ListFiles(string directory);

    /// <summary>Creates a new, empty file for reading and writing; fails when it is there.</summary>
    /// <param name="path">The file.</param>
    IFile Create(string path);

    /// <summary>Opens a file that is there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="writable">Whether it will be written.</param>
    IFile Open(string path, bool writable);

    /// <summary>Renames, replacing the target in one step. Durable only after <see cref="SyncDirectory"/>.</summary>
    /// <param name="source">The file.</param>
    /// <param name="target">Its new path, in the same directory.</param>
    void Rename(string source, string target);

    /// <summary>Removes a file; nothing when it is missing. Durable only after <see cref="SyncDirectory"/>.</summary>
    /// <param name="path">The file.</param>
    void Delete(string path);

    /// <summary>Makes creations, renames and deletions in a directory durable.</summary>
    /// <param name="directory">The directory.</param>
    void SyncDirectory(string directory);

    /// <summary>Lets nobody but its owner read or write a file, where the system knows owners (mode 0600 on Unix).</summary>
    /// <param name="path">The file.</param>
    void Protect(string path);

    /// <summary>Bytes that can still be written on the disk of this directory.</summary>
    /// <param name="directory">The directory.</param>
    long AvailableBytes(string directory);

    /// <summary>
    /// Takes a lock that the operating system drops with the process (never a pid file).
    /// </summary>
    /// <param name="path">The lock file; created when missing, left in place afterwards.</param>
    /// <returns>The lock, or null when another process or another opening in this process holds it.</returns>
    IDisposable? TryLock(string path);
}
