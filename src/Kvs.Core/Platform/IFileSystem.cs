namespace Kvs.Core.Platform;

/// <summary>
/// The seam to files: everything that the store does to a disk goes through here, so that tests can cut the power, fail
/// the n-th call or lie about a sync. Paths are full paths. Failures are <see cref="IOException"/>; a full disk is one
/// for which <see cref="FileFailure.IsDiskFull"/> holds.
/// </summary>
internal interface IFileSystem
{
    /// <summary>Creates the directory and its parents; nothing when it is there.</summary>
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

    /// <summary>Removes a file. Durable only after <see cref="SyncDirectory"/>.</summary>
    /// <param name="path">The file.</param>
    void Delete(string path);

    /// <summary>Makes creations, renames and deletions in a directory durable.</summary>
    /// <param name="directory">The directory.</param>
    void SyncDirectory(string directory);

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

/// <summary>
/// An open file. Ownership: who opened it disposes it. Threading: reads and writes of disjoint ranges may run at once;
/// one sync at a time.
/// </summary>
internal interface IFile : IDisposable
{
    /// <summary>The full path under which it was opened.</summary>
    string Path { get; }

    /// <summary>Length in bytes.</summary>
    long Length { get; }

    /// <summary>Reads at a position.</summary>
    /// <param name="offset">Bytes from the start.</param>
    /// <param name="target">Filled as far as the file reaches.</param>
    /// <returns>Bytes read; fewer than asked only at the end of the file.</returns>
    int Read(long offset, Span<byte> target);

    /// <summary>Writes all bytes at a position. On failure any part of them may have been written.</summary>
    /// <param name="offset">Bytes from the start.</param>
    /// <param name="source">The bytes.</param>
    void Write(long offset, ReadOnlySpan<byte> source);

    /// <summary>Cuts or extends (with zeros, sparse). Never on a mapped file.</summary>
    /// <param name="length">New length in bytes.</param>
    void SetLength(long length);

    /// <summary>Returns when all that was written before the call is on stable storage (fdatasync).</summary>
    void SyncData();

    /// <summary>
    /// Maps the file, at its present length, for reading. The mapping sees later writes to that range. The file may be
    /// unlinked while it is mapped (not on Windows), never truncated.
    /// </summary>
    IFileMapping Map();
}

/// <summary>A read-only view of a file in memory. Ownership: who mapped it disposes it, when no reader can hold it.</summary>
internal unsafe interface IFileMapping : IDisposable
{
    /// <summary>First byte.</summary>
    byte* Pointer { get; }

    /// <summary>Length in bytes.</summary>
    long Length { get; }
}

/// <summary>Tells the kinds of <see cref="IOException"/> apart.</summary>
internal static class FileFailure
{
    /// <summary>ENOSPC (28) or EDQUOT (122) on Unix, ERROR_DISK_FULL (112) or ERROR_HANDLE_DISK_FULL (39) on Windows.</summary>
    /// <param name="failure">The failure.</param>
    /// <returns>Whether the disk is full.</returns>
    internal static bool IsDiskFull(IOException failure) =>
        (failure.HResult & 0xFFFF) is 28 or 112 or 39 or 122;

    /// <summary>A failure that <see cref="IsDiskFull"/> recognises, for file systems that are not the real one.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The failure.</returns>
    internal static IOException DiskFull(string path) =>
        new($"No space left on device: '{path}'.", 28);
}
