using System.Buffers;
using System.Collections.Immutable;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Hints;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Requests;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Storage.Copies;

/// <summary>
/// Takes a base copy into the directory of a store that is open and works on. The files get ids that the store has never
/// used, and names that are not live, until <see cref="Complete"/> has verified all and made it durable; even then no
/// manifest names them. <see cref="StagedCopy.Swap"/> makes them the store, once it is closed. A crash, or giving up,
/// leaves the store as it is, and leftovers that the next opening deletes.
/// Threading: one thread. Ownership: disposed, it removes what is not complete.
/// </summary>
internal sealed class BaseCopyReceiver : IDisposable
{
    private readonly SegmentFiles _files;
    private readonly Manifest _copy;
    private readonly Dictionary<uint, Incoming> _incoming = [];
    private readonly ArrayBufferWriter<byte> _requests = new(); // the request file, until it is verified whole
    private readonly uint _requestFileId;
    private bool _isComplete;

    /// <summary>Begins to take a copy.</summary>
    /// <param name="files">The store directory.</param>
    /// <param name="manifests">Its manifest: gives the new ids.</param>
    /// <param name="manifest">The manifest of the copy.</param>
    /// <exception cref="KvsCorruptionException">It is damaged.</exception>
    internal BaseCopyReceiver(SegmentFiles files, ManifestStore manifests, ReadOnlySpan<byte> manifest)
    {
        _files = files;
        _copy = ManifestCodec.Read(manifest, "the manifest of a base copy");
        foreach (var file in _copy.Files)
        {
            if (file.State != FileState.Sealed)
            {
                throw StorageFailure.Damaged("the manifest of a base copy", 0, "it lists a file that is not sealed.");
            }

            _incoming.Add(file.Id, new Incoming(files, file, manifests.TakeFileId()));
        }

        _requestFileId = manifests.TakeFileId();
    }

    /// <summary>The newest version in the copy.</summary>
    internal KvsVersion Through => _copy.SealedThrough;

    /// <summary>The files that are wanted, with the ids of the sender, in its order; of each, the bytes up to its end.</summary>
    internal ImmutableArray<CopiedFile> Files => [.. CopiedFile.Of(_copy)];

    /// <summary>How much of a file is there: a broken transfer goes on behind it.</summary>
    /// <param name="id">The sender's id.</param>
    internal long Received(uint id) => IsRequests(id) ? _requests.WrittenCount : _incoming[id].Received;

    /// <summary>Takes the next bytes of a file.</summary>
    /// <param name="id">The sender's id.</param>
    /// <param name="offset">Where they belong: behind what is there.</param>
    /// <param name="bytes">The bytes.</param>
    /// <exception cref="KvsStorageException">They could not be written.</exception>
    internal void Write(uint id, long offset, ReadOnlySpan<byte> bytes)
    {
        if (IsRequests(id))
        {
            Check.That(offset == _requests.WrittenCount && offset + bytes.Length <= _copy.Requests!.Bytes);
            _requests.Write(bytes);
        }
        else
        {
            _incoming[id].Write(offset, bytes);
        }
    }

    /// <summary>Verifies every frame and record, and makes all of it durable. Reads all of it once: not for an engine's thread.</summary>
    /// <returns>What can be swapped in.</returns>
    /// <exception cref="KvsCorruptionException">What came is damaged or not all of it.</exception>
    /// <exception cref="KvsStorageException">A file operation failed.</exception>
    internal StagedCopy Complete()
    {
        var staged = ImmutableArray.CreateBuilder<ManifestFile>();
        RequestFileEntry? requests;
        try
        {
            foreach (var file in _copy.Files)
            {
                _incoming[file.Id].MakeDurable(_copy.StoreId);
            }

            _files.FileSystem.SyncDirectory(_files.Directory);
            foreach (var file in _copy.Files)
            {
                staged.Add(_incoming[file.Id].Verify(_files, _copy.StoreId));
            }

            requests = WriteRequests();
        }
        catch (IOException cause)
        {
            throw StorageFailure.Failed("Taking a base copy", cause);
        }

        _isComplete = true;
        return new StagedCopy(_copy with { Files = staged.ToImmutable(), Requests = requests });
    }

    /// <summary>Gives up what is not complete.</summary>
    public void Dispose()
    {
        foreach (var incoming in _incoming.Values)
        {
            incoming.Dispose();
            if (!_isComplete)
            {
                incoming.Delete(_files.FileSystem);
            }
        }

        if (!_isComplete)
        {
            NewFile.TryDelete(_files.FileSystem, _files.PathOf(StoreFiles.Requests(_requestFileId)));
        }
    }

    private bool IsRequests(uint id) => id == _copy.Requests?.Id;

    /// <summary>Verifies the request file, and makes it durable.</summary>
    private RequestFileEntry? WriteRequests()
    {
        if (_copy.Requests is null)
        {
            return null;
        }

        RequestFileCodec.Read(
            _requests.WrittenSpan,
            $"'{_copy.Requests.Name}' of a base copy",
            _copy.StoreId,
            _copy.SealedThrough,
            new RequestTable(TimeProvider.System, RequestLimits.Default));
        return RequestFile.Write(_files, _requestFileId, _requests.WrittenSpan);
    }

    /// <summary>A file that is coming in.</summary>
    private sealed class Incoming : IDisposable
    {
        private readonly ManifestFile _source;
        private readonly SegmentFiles _files;
        private readonly string _unfinished;
        private readonly string _path;
        private readonly uint _id;
        private readonly IFile _file;
        private bool _isClosed;

        internal Incoming(SegmentFiles files, ManifestFile source, uint id)
        {
            _files = files;
            _source = source;
            _id = id;
            var name = StoreFiles.Segment(source.Identity.Kind, id);
            _path = files.PathOf(name);
            _unfinished = files.PathOf(StoreFiles.Unfinished(name));
            try
            {
                NewFile.DeleteIfThere(files.FileSystem, _unfinished);
                _file = files.FileSystem.Create(_unfinished);
            }
            catch (IOException cause)
            {
                throw StorageFailure.Failed($"Creating '{_unfinished}'", cause);
            }
        }

        internal long Received { get; private set; }

        internal void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            Check.That(offset == Received && offset + bytes.Length <= _source.End);
            try
            {
                _file.Write(offset, bytes);
            }
            catch (IOException cause)
            {
                throw StorageFailure.Failed($"Writing '{_unfinished}' at offset {offset}", cause);
            }

            Received += bytes.Length;
        }

        /// <summary>Gives the file its new id and its name; the directory is still to be synced.</summary>
        internal void MakeDurable(UInt128 storeId)
        {
            if (Received != _source.End)
            {
                throw StorageFailure.Damaged(_unfinished, Received, $"{_source.End} bytes were to come.");
            }

            var header = Segment.ReadHeader(_file, _source.Identity, storeId) with { SegmentId = _id };
            var block = new byte[SegmentHeader.Bytes];
            header.Write(block);
            _file.Write(0, block);
            _file.SyncData();
            Dispose();
            _files.FileSystem.Rename(_unfinished, _path);
        }

        /// <summary>Reads all of it, and leaves its hint file beside it.</summary>
        internal ManifestFile Verify(SegmentFiles files, UInt128 storeId)
        {
            var identity = _source.Identity with { Id = _id };
            using var segment = Segment.Open(files.FileSystem, _path, identity, storeId, writable: false);
            var header = HintWriter.Write(files, segment, _source.End);
            if (header.RecordCount > 0 && (header.FirstSequence < _source.FirstSequence || header.LastSequence > _source.LastSequence))
            {
                throw StorageFailure.Damaged(
                    _path,
                    0,
                    $"it holds sequences outside {_source.FirstSequence} to {_source.LastSequence}, as the copy's manifest says.");
            }

            return _source with { Identity = identity };
        }

        public void Dispose()
        {
            if (!_isClosed)
            {
                _isClosed = true;
                _file.Dispose();
            }
        }

        internal void Delete(IFileSystem files)
        {
            NewFile.TryDelete(files, _unfinished);
            NewFile.TryDelete(files, _path);
            NewFile.TryDelete(files, _files.PathOf(StoreFiles.Hint(_id)));
        }
    }
}
