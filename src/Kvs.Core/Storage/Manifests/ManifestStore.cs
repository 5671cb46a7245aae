using Kvs.Core.Platform;
using Kvs.Core.Primitives;

namespace Kvs.Core.Storage.Manifests;

/// <summary>
/// The manifest file: reads it, and replaces it as a whole (write new, sync, rename, sync the directory).
/// Threading: any thread; replacements one at a time. The lock is held over the replacement's I/O, because what the
/// next one builds on is not known before; commit and sync threads never replace the manifest.
/// </summary>
internal sealed class ManifestStore
{
    private readonly Lock _replacing = new();
    private readonly Lock _ids = new();
    private readonly IFileSystem _files;
    private readonly string _directory;
    private Manifest _current; // published: Volatile; written under _replacing
    private KvsStorageException? _failure; // guarded by _replacing
    private uint _nextFileId; // guarded by _ids

    private ManifestStore(IFileSystem files, string directory, Manifest current)
    {
        _files = files;
        _directory = directory;
        _current = current;
    }

    /// <summary>
    /// The newest durable manifest. After <see cref="UpdateNowOrLater"/> on a full disk it knows more than that one.
    /// </summary>
    internal Manifest Current => Volatile.Read(ref _current);

    /// <summary>
    /// Takes an id for a new file. Ids rise; one that comes to nothing is never used again while the store is open.
    /// </summary>
    internal uint TakeFileId()
    {
        lock (_ids)
        {
            _nextFileId = Math.Max(_nextFileId, Current.NextFileId);
            return _nextFileId++;
        }
    }

    /// <summary>Whether a directory has a manifest.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="directory">The store directory.</param>
    internal static bool Exists(IFileSystem files, string directory) =>
        files.FileExists(Path.Combine(directory, StoreFiles.Manifest));

    /// <summary>Reads the manifest of a directory.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="directory">The store directory.</param>
    /// <exception cref="KvsCorruptionException">It is damaged.</exception>
    internal static ManifestStore Open(IFileSystem files, string directory)
    {
        var path = Path.Combine(directory, StoreFiles.Manifest);
        using var file = files.Open(path, writable: false);
        var bytes = new byte[file.Length];
        var read = file.Read(0, bytes);
        return new ManifestStore(files, directory, ManifestCodec.Read(bytes.AsSpan(0, read), path));
    }

    /// <summary>Creates the manifest of a new store, durably.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="directory">The store directory.</param>
    /// <param name="engine">Name of the engine.</param>
    /// <param name="random">Draws the store id.</param>
    /// <exception cref="KvsCorruptionException">
    /// The directory has segment files: a store whose manifest is lost must not be taken for a new one.
    /// </exception>
    internal static ManifestStore Create(IFileSystem files, string directory, string engine, StoreRandom random)
    {
        foreach (var name in files.ListFiles(directory))
        {
            if (StoreFiles.TryParseSegment(name, out _, out _))
            {
                throw StorageFailure.Damaged(
                    Path.Combine(directory, StoreFiles.Manifest), 0,
                        $"the file is missing, but there are segments ('{name}').");
            }
        }

        return Create(files, directory, new Manifest { StoreId = random.NextStoreId(), Engine = engine });
    }

    /// <summary>Reads the manifest of a directory, or creates it for a new store.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="directory">The store directory.</param>
    /// <param name="engine">Name of the engine.</param>
    /// <param name="random">Draws the store id.</param>
    internal static ManifestStore OpenOrCreate(IFileSystem files, string directory, string engine,
        StoreRandom random) =>
        Exists(files, directory) ? Open(files, directory) : Create(files, directory, engine, random);

    /// <summary>Writes a manifest in place of whatever is there, durably.</summary>
    internal static ManifestStore Create(IFileSystem files, string directory, Manifest manifest)
    {
        var store = new ManifestStore(files, directory, manifest);
        store.Replace(manifest);
        return store;
    }

    /// <summary>Replaces the manifest by what a change makes of it; durable when this returns.</summary>
    /// <param name="change">Makes the new manifest of the current one. It sees every replacement before.</param>
    /// <returns>The new manifest.</returns>
    /// <exception cref="KvsStorageException">
    /// It could not be written. With <see cref="ErrorCode.DiskFull"/> or <see cref="ErrorCode.StorageFailed"/> the
    /// manifest is as it was. With <see cref="ErrorCode.Faulted"/> it is not known which one is on the disk: final.
    /// </exception>
    internal Manifest Update(Func<Manifest, Manifest> change)
    {
        lock (_replacing)
        {
            if (_failure is not null)
            {
                throw _failure;
            }

            var next = change(Current);
            Check.That(next.StoreId == Current.StoreId && next.NextFileId >= Current.NextFileId);
            Check.That(next.LogTimeMillis >= Current.LogTimeMillis);
            Replace(next with { Number = Current.Number + 1 });
            return Current;
        }
    }

    /// <summary>
    /// As <see cref="Update"/>, but on a full disk the change goes with the next replacement. Only for what the log
    /// tells too: that an epoch has begun.
    /// </summary>
    /// <param name="change">Makes the new manifest of the current one; it lists the same files.</param>
    /// <returns>The new manifest.</returns>
    /// <exception cref="KvsStorageException">It could not be written for another reason.</exception>
    internal Manifest UpdateNowOrLater(Func<Manifest, Manifest> change)
    {
        try
        {
            return Update(change);
        }
        catch (KvsStorageException full) when (full.Code == ErrorCode.DiskFull)
        {
            lock (_replacing)
            {
                var next = change(Current);
                Check.That(next.Files == Current.Files);
                Volatile.Write(ref _current, next);
                return next;
            }
        }
    }

    private void Replace(Manifest next)
    {
        var path = Path.Combine(_directory, StoreFiles.Manifest);
        var unfinished = Path.Combine(_directory, StoreFiles.Unfinished(StoreFiles.Manifest));
        NewFile.Write(_files, unfinished, ManifestCodec.Write(next));
        try
        {
            _files.Rename(unfinished, path);
            _files.SyncDirectory(_directory);
        }
        catch (IOException cause)
        {
            _failure = StorageFailure.Fault($"Replacing '{path}'", cause);
            throw _failure;
        }

        Volatile.Write(ref _current, next);
    }
}
