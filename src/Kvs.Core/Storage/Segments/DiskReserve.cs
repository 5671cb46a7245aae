using Kvs.Core.Platform;
using Kvs.Core.Primitives;

namespace Kvs.Core.Storage.Segments;

/// <summary>
/// A file of zeros that keeps room on the disk: writes are refused before it is touched, compaction and removals may
/// use it. Its content means nothing. Threading: the prepare loop only; <see cref="IsHeld"/> from any thread.
/// </summary>
internal sealed class DiskReserve
{
    private readonly IFileSystem _files;
    private readonly string _directory;
    private bool _isHeld; // published: Volatile; written by the prepare loop

    /// <summary>Works in a store directory.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="directory">The store directory.</param>
    internal DiskReserve(IFileSystem files, string directory)
    {
        _files = files;
        _directory = directory;
    }

    /// <summary>
    /// Whether the reserve was whole at the last <see cref="TryHold"/> and has not been released since.
    /// </summary>
    internal bool IsHeld => Volatile.Read(ref _isHeld);

    private string FilePath => Path.Combine(_directory, StoreFiles.Reserve);

    /// <summary>Makes the reserve as large as asked; it never shrinks here.</summary>
    /// <param name="bytes">Wanted size.</param>
    /// <returns>False when the disk has no room for it.</returns>
    /// <exception cref="KvsStorageException">A file operation failed for another reason.</exception>
    internal bool TryHold(long bytes)
    {
        try
        {
            Volatile.Write(ref _isHeld, Grow(bytes));
            return _isHeld;
        }
        catch (IOException cause)
        {
            Volatile.Write(ref _isHeld, false);
            return FileFailure.IsDiskFull(cause)
                ? false
                : throw StorageFailure.Failed($"Making the reserve '{FilePath}'", cause);
        }
    }

    /// <summary>Gives the room to whoever writes next. Only for work that frees room, or that must not wait.</summary>
    /// <returns>False when there was nothing to give.</returns>
    /// <exception cref="KvsStorageException">A file operation failed.</exception>
    internal bool Release()
    {
        Volatile.Write(ref _isHeld, false);
        try
        {
            if (!_files.FileExists(FilePath))
            {
                return false;
            }

            _files.Delete(FilePath);
            _files.SyncDirectory(_directory);
            return true;
        }
        catch (IOException cause)
        {
            throw StorageFailure.Failed($"Releasing the reserve '{FilePath}'", cause);
        }
    }

    private bool Grow(long bytes)
    {
        var isThere = _files.FileExists(FilePath);
        using var file = isThere ? _files.Open(FilePath, writable: true) : _files.Create(FilePath);
        var length = file.Length;
        if (length >= bytes)
        {
            return true;
        }

        // Asking first spares writing a large file in vain while the disk is full; the writes decide.
        if (_files.AvailableBytes(_directory) < bytes - length)
        {
            return false;
        }

        SegmentFiles.Fill(file, length, bytes);
        _files.SyncDirectory(_directory);
        return true;
    }
}
