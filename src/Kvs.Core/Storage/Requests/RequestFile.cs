using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Storage.Requests;

/// <summary>
/// The file that keeps the request table as of <see cref="Manifest.SealedThrough"/>: sealed segments are compacted, and what
/// they said of requests would be gone with them. The manifest that names that version names the file, so both come into
/// force at once; a store whose clients number nothing has none. Threading: as its callers.
/// </summary>
internal static class RequestFile
{
    /// <summary>Makes a file, durable under a name that is not live before the manifest lists it.</summary>
    /// <param name="files">The store directory.</param>
    /// <param name="id">A new file id.</param>
    /// <param name="content">Its content.</param>
    /// <returns>The entry for the manifest.</returns>
    /// <exception cref="KvsStorageException">It could not be written; nothing is left of it.</exception>
    internal static RequestFileEntry Write(SegmentFiles files, uint id, ReadOnlySpan<byte> content)
    {
        var entry = new RequestFileEntry(id, content.Length);
        var unfinished = files.PathOf(StoreFiles.Unfinished(entry.Name));
        NewFile.Write(files.FileSystem, unfinished, content);
        try
        {
            files.FileSystem.Rename(unfinished, files.PathOf(entry.Name));
            files.FileSystem.SyncDirectory(files.Directory);
            return entry;
        }
        catch (IOException cause)
        {
            NewFile.TryDelete(files.FileSystem, unfinished);
            throw StorageFailure.Failed($"Naming '{unfinished}'", cause);
        }
    }

    /// <summary>The table of a manifest; empty when it lists no file.</summary>
    /// <param name="files">The store directory.</param>
    /// <param name="manifest">The manifest.</param>
    /// <param name="time">Monotonic clock.</param>
    /// <param name="limits">The bounds.</param>
    /// <exception cref="KvsCorruptionException">The file is missing or damaged.</exception>
    /// <exception cref="KvsStorageException">It cannot be read.</exception>
    internal static RequestTable Load(SegmentFiles files, Manifest manifest, TimeProvider time, RequestLimits limits)
    {
        var table = new RequestTable(time, limits);
        if (manifest.Requests is { } entry)
        {
            var bytes = ReadAll(files, entry);
            RequestFileCodec.Read(bytes, files.PathOf(entry.Name), manifest.StoreId, manifest.SealedThrough, table);
        }

        return table;
    }

    /// <summary>Verifies the file of a manifest, if it lists one.</summary>
    /// <param name="files">The store directory.</param>
    /// <param name="manifest">The manifest.</param>
    /// <exception cref="KvsCorruptionException">The file is missing or damaged.</exception>
    /// <exception cref="KvsStorageException">It cannot be read.</exception>
    internal static void Verify(SegmentFiles files, Manifest manifest) =>
        Load(files, manifest, TimeProvider.System, RequestLimits.Default);

    /// <summary>The bytes of a file.</summary>
    /// <param name="files">The store directory.</param>
    /// <param name="entry">The manifest's entry.</param>
    /// <exception cref="KvsCorruptionException">It is missing, or has another length.</exception>
    /// <exception cref="KvsStorageException">It cannot be read.</exception>
    internal static byte[] ReadAll(SegmentFiles files, RequestFileEntry entry)
    {
        var path = files.PathOf(entry.Name);
        try
        {
            if (!files.FileSystem.FileExists(path))
            {
                throw StorageFailure.Damaged(path, 0, "the file is missing, but the manifest lists it.");
            }

            using var file = files.FileSystem.Open(path, writable: false);
            if (file.Length != entry.Bytes)
            {
                throw StorageFailure.Damaged(path, file.Length, $"the file has {file.Length} bytes, the manifest says {entry.Bytes}.");
            }

            var bytes = new byte[entry.Bytes];
            file.Read(0, bytes);
            return bytes;
        }
        catch (IOException cause)
        {
            throw StorageFailure.Failed($"Reading '{path}'", cause);
        }
    }

    /// <summary>Notes the requests of a part of the log.</summary>
    /// <param name="table">Knows all before it.</param>
    /// <param name="bytes">A log segment, up to the end of the part.</param>
    /// <param name="salt">Its salt.</param>
    /// <returns>Where the valid frames end.</returns>
    internal static int Replay(RequestTable table, ReadOnlySpan<byte> bytes, ulong salt)
    {
        var frames = new FrameCursor(bytes, salt);
        while (frames.MoveNext())
        {
            table.Note(frames.Frame);
        }

        return frames.Position;
    }
}
