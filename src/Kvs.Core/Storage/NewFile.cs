using Kvs.Core.Platform;

namespace Kvs.Core.Storage;

/// <summary>Writes whole small files under a name that is never live, for a rename to make them so.</summary>
internal static class NewFile
{
    /// <summary>Creates a file with a content and syncs it; leaves nothing behind when that fails.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="path">The file; what is left there of an attempt before is deleted.</param>
    /// <param name="content">The content.</param>
    /// <exception cref="Primitives.KvsStorageException">It could not be written.</exception>
    internal static void Write(IFileSystem files, string path, ReadOnlySpan<byte> content)
    {
        try
        {
            DeleteIfThere(files, path);
            using var file = files.Create(path);
            file.Write(0, content);
            file.SyncData();
        }
        catch (IOException cause)
        {
            TryDelete(files, path);
            throw StorageFailure.Failed($"Writing '{path}'", cause);
        }
    }

    /// <summary>Deletes a file when it is there.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="path">The file.</param>
    internal static void DeleteIfThere(IFileSystem files, string path)
    {
        if (files.FileExists(path))
        {
            files.Delete(path);
        }
    }

    /// <summary>
    /// Deletes what a failed attempt left, as far as that is possible: the next opening deletes it otherwise.
    /// </summary>
    /// <param name="files">The file system.</param>
    /// <param name="path">The file.</param>
    internal static void TryDelete(IFileSystem files, string path)
    {
        try
        {
            DeleteIfThere(files, path);
        }
        catch (IOException)
        {
            // The first failure is the one to report; a leftover has a name that is never live.
        }
    }
}
