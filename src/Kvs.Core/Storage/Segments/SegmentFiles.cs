using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Manifests;

namespace Kvs.Core.Storage.Segments;

/// <summary>
/// Makes, opens and removes segment files in a store directory. What it makes is durable, name included, when a method
/// returns; being live is the manifest's to say. Threading: any thread, for different files.
/// </summary>
internal sealed class SegmentFiles
{
    private const int FillBytes = 256 * 1024;
    private static readonly byte[] Zeros = new byte[FillBytes];

    private readonly IFileSystem _files;
    private readonly string _directory;

    /// <summary>Works in a store directory.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="directory">The store directory.</param>
    internal SegmentFiles(IFileSystem files, string directory)
    {
        _files = files;
        _directory = directory;
    }

    /// <summary>The file system.</summary>
    internal IFileSystem FileSystem => _files;

    /// <summary>The store directory.</summary>
    internal string Directory => _directory;

    /// <summary>Full path of a file of the store.</summary>
    /// <param name="name">Its name.</param>
    internal string PathOf(string name) => Path.Combine(_directory, name);

    /// <summary>
    /// Makes a log segment that is ready to be written: blocks allocated by zeros, header in place, all on stable
    /// storage, so that a later sync writes data only.
    /// </summary>
    /// <param name="header">Its header; a new id and a new salt.</param>
    /// <returns>The open segment. Ownership: the caller's.</returns>
    /// <exception cref="KvsStorageException">It could not be made; nothing is left of it.</exception>
    internal Segment CreateLog(in SegmentHeader header)
    {
        Check.That(header.Kind == SegmentKind.Log);
        var spare = PathOf(StoreFiles.Spare(header.SegmentId));
        try
        {
            NewFile.DeleteIfThere(_files, spare);
            using (var file = _files.Create(spare))
            {
                Fill(file, 0, header.Capacity);
            }

            return MakeReady(spare, header);
        }
        catch (IOException cause)
        {
            NewFile.TryDelete(_files, spare);
            throw StorageFailure.Failed($"Preparing a segment of {header.Capacity} bytes, '{spare}'", cause);
        }
    }

    /// <summary>
    /// Makes a ready log segment of a file whose blocks are used again; its new salt makes the old content void.
    /// </summary>
    /// <param name="spareId">The id that the file had, under whose spare name it lies.</param>
    /// <param name="header">Its new header; the capacity is the file's length.</param>
    /// <returns>The open segment. Ownership: the caller's.</returns>
    /// <exception cref="KvsStorageException">It could not be made; nothing is left of it.</exception>
    internal Segment ReuseAsLog(uint spareId, in SegmentHeader header)
    {
        Check.That(header.Kind == SegmentKind.Log);
        var spare = PathOf(StoreFiles.Spare(spareId));
        try
        {
            return MakeReady(spare, header);
        }
        catch (IOException cause)
        {
            NewFile.TryDelete(_files, spare);
            throw StorageFailure.Failed($"Preparing a segment from '{spare}'", cause);
        }
    }

    /// <summary>Opens a live file. One that is sealed is cut to its end first: what lies beyond never counts.</summary>
    /// <param name="file">The manifest's entry.</param>
    /// <param name="storeId">The store.</param>
    /// <returns>The open segment. Ownership: the caller's.</returns>
    /// <exception cref="KvsCorruptionException">
    /// It is missing, too short, or not the file that the manifest means.
    /// </exception>
    internal Segment Open(ManifestFile file, UInt128 storeId)
    {
        var path = PathOf(file.Name);
        if (file.State == FileState.Sealed && _files.FileExists(path))
        {
            CutToEnd(path, file.End);
        }

        return Open(file, storeId, writable: file.State == FileState.Open);
    }

    /// <summary>Opens a live file as it is, for reading.</summary>
    /// <param name="file">The manifest's entry.</param>
    /// <param name="storeId">The store.</param>
    /// <returns>The open segment. Ownership: the caller's.</returns>
    /// <exception cref="KvsCorruptionException">As <see cref="Open(ManifestFile, UInt128)"/>.</exception>
    internal Segment OpenToLook(ManifestFile file, UInt128 storeId) => Open(file, storeId, writable: false);

    /// <summary>Deletes a segment file that is no longer live or mapped, and its hint file.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="id">Its id.</param>
    internal void Delete(SegmentKind kind, uint id)
    {
        NewFile.DeleteIfThere(_files, PathOf(StoreFiles.Segment(kind, id)));
        NewFile.DeleteIfThere(_files, PathOf(StoreFiles.Hint(id)));
        _files.SyncDirectory(_directory);
    }

    /// <summary>
    /// Gives a log segment file that is no longer live or mapped a spare's name, and deletes its hint file.
    /// </summary>
    /// <param name="id">Its id.</param>
    internal void MakeSpare(uint id)
    {
        _files.Rename(PathOf(StoreFiles.Segment(SegmentKind.Log, id)), PathOf(StoreFiles.Spare(id)));
        NewFile.DeleteIfThere(_files, PathOf(StoreFiles.Hint(id)));
        _files.SyncDirectory(_directory);
    }

    /// <summary>
    /// Deletes what interrupted steps left: files of ours that the manifest does not list. One that cannot be deleted
    /// stays for the next time: Windows refuses while a snapshot that was never disposed keeps it mapped.
    /// </summary>
    /// <param name="manifest">The manifest.</param>
    internal void DeleteLeftovers(Manifest manifest)
    {
        var deleted = false;
        foreach (var name in _files.ListFiles(_directory))
        {
            var live = StoreFiles.TryParseSegment(name, out var kind, out var id)
                ? manifest.Find(id)?.Identity.Kind == kind
                : StoreFiles.TryParseHint(name, out id) ? manifest.Find(id) is not null
                : StoreFiles.TryParseRequests(name, out id) ? manifest.Requests?.Id == id
                : !StoreFiles.IsLeftover(name);
            if (live)
            {
                continue;
            }

            if (!deleted)
            {
                // A killed process may have left a manifest whose name is not durable yet: nothing goes before that is.
                _files.SyncDirectory(_directory);
                deleted = true;
            }

            DeleteIfAllowed(PathOf(name));
        }

        if (deleted)
        {
            _files.SyncDirectory(_directory);
        }
    }

    /// <summary>Writes zeros over a range and syncs them.</summary>
    internal static void Fill(IFile file, long from, long to)
    {
        for (var offset = from; offset < to; offset += FillBytes)
        {
            file.Write(offset, Zeros.AsSpan(0, (int)Math.Min(FillBytes, to - offset)));
        }

        file.SyncData();
    }

    private Segment Open(ManifestFile file, UInt128 storeId, bool writable)
    {
        var path = PathOf(file.Name);
        var segment = Segment.Open(_files, path, file.Identity, storeId, writable);
        if (segment.Length < file.End)
        {
            var length = segment.Length;
            segment.Dispose();
            throw StorageFailure.Damaged(path, length, $"the file has {length} bytes, the manifest says {file.End}.");
        }

        return segment;
    }

    private Segment MakeReady(string spare, in SegmentHeader header)
    {
        var block = new byte[SegmentHeader.Bytes];
        header.Write(block);
        using (var file = _files.Open(spare, writable: true))
        {
            Check.That(file.Length == header.Capacity);
            file.Write(0, block);
            file.SyncData();
        }

        var path = PathOf(StoreFiles.Segment(SegmentKind.Log, header.SegmentId));
        _files.Rename(spare, path);
        _files.SyncDirectory(_directory);
        var identity = new SegmentIdentity(SegmentKind.Log, header.SegmentId, header.Salt);
        return Segment.Open(_files, path, identity, header.StoreId, writable: true);
    }

    private void DeleteIfAllowed(string path)
    {
        try
        {
            _files.Delete(path);
        }
        catch (IOException)
        {
            // It stays for the next time.
        }
    }

    private void CutToEnd(string path, long end)
    {
        using var file = _files.Open(path, writable: true);
        if (file.Length > end)
        {
            try
            {
                file.SetLength(end);
                file.SyncData();
            }
            catch (IOException)
            {
                // It only gives room back, and is tried at each opening: a forgotten snapshot may keep the file mapped.
            }
        }
    }
}
