using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Records;

namespace Kvs.Core.Storage.Segments;

/// <summary>
/// Writes a data segment: records copied byte for byte, in checksummed blocks, under a name that is never live until
/// <see cref="Seal"/>. Threading: one thread. Ownership: owns the file until it is sealed; disposed before that, it
/// removes what it wrote.
/// </summary>
internal sealed class DataSegmentWriter : IDisposable
{
    private const int BlockBytes = 64 * 1024;

    private readonly SegmentFiles _files;
    private readonly SegmentHeader _header;
    private readonly string _unfinished;
    private readonly IFile _file;
    private byte[] _block = new byte[BlockBytes + DataBlock.HeaderBytes];
    private int _recordBytes;
    private int _recordCount;
    private long _blockOffset = SegmentHeader.Bytes;
    private ulong _first;
    private ulong _last;
    private bool _sealed;

    /// <summary>Creates the file.</summary>
    /// <param name="files">The store directory.</param>
    /// <param name="storeId">The store.</param>
    /// <param name="id">A new id.</param>
    /// <param name="epoch">The newest epoch.</param>
    /// <param name="salt">A new salt.</param>
    /// <exception cref="KvsStorageException">It could not be created.</exception>
    internal DataSegmentWriter(SegmentFiles files, UInt128 storeId, uint id, ulong epoch, ulong salt)
    {
        _files = files;
        _header = new SegmentHeader(SegmentKind.Data, storeId, id, epoch, BaseSequence: 0, salt, SegmentHeader.Bytes);
        _unfinished = files.PathOf(StoreFiles.Unfinished(StoreFiles.Segment(SegmentKind.Data, id)));
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

    /// <summary>Bytes that the file has by now, if it is sealed.</summary>
    internal long Bytes => _recordCount == 0 ? _blockOffset : _blockOffset + DataBlock.Length(_recordBytes);

    /// <summary>Id of the segment.</summary>
    internal uint Id => _header.SegmentId;

    /// <summary>Copies a record.</summary>
    /// <param name="record">Intact; its sequence stays.</param>
    /// <returns>Where it will lie.</returns>
    /// <exception cref="KvsStorageException">A write failed: give the segment up.</exception>
    internal RecordLocation Add(in RecordView record)
    {
        Check.That(!_sealed && record.IsIntact);
        var bytes = record.Bytes;
        if (_recordCount > 0 && _recordBytes + bytes.Length > BlockBytes)
        {
            WriteBlock();
        }

        EnsureRoom(bytes.Length);
        var offset = _blockOffset + DataBlock.HeaderBytes + _recordBytes;
        Check.That(offset + bytes.Length <= uint.MaxValue);
        bytes.CopyTo(_block.AsSpan(DataBlock.HeaderBytes + _recordBytes));
        _recordBytes += bytes.Length;
        _recordCount++;
        _first = _first == 0 ? record.Sequence : Math.Min(_first, record.Sequence);
        _last = Math.Max(_last, record.Sequence);
        return new RecordLocation(Id, (uint)offset, (uint)bytes.Length);
    }

    /// <summary>Makes the file durable under its name. It is live when the manifest lists it.</summary>
    /// <returns>The entry for the manifest.</returns>
    /// <exception cref="KvsStorageException">It failed: give the segment up.</exception>
    internal ManifestFile Seal()
    {
        WriteBlock();
        var header = _header with { Capacity = _blockOffset };
        var block = new byte[SegmentHeader.Bytes];
        header.Write(block);
        try
        {
            _file.Write(0, block);
            _file.SyncData();
            _file.Dispose();
            _files.FileSystem.Rename(_unfinished, _files.PathOf(StoreFiles.Segment(SegmentKind.Data, Id)));
            _files.FileSystem.SyncDirectory(_files.Directory);
        }
        catch (IOException cause)
        {
            throw StorageFailure.Failed($"Sealing '{_unfinished}'", cause);
        }

        _sealed = true;
        var identity = new SegmentIdentity(SegmentKind.Data, Id, header.Salt);
        return new ManifestFile(identity, FileState.Sealed, _blockOffset, _first, _last);
    }

    /// <summary>Gives the segment up when it was not sealed.</summary>
    public void Dispose()
    {
        if (!_sealed)
        {
            _file.Dispose();
            NewFile.TryDelete(_files.FileSystem, _unfinished);
        }
    }

    private void EnsureRoom(int recordBytes)
    {
        var needed = DataBlock.Length(_recordBytes + recordBytes);
        if (needed > _block.Length)
        {
            Array.Resize(ref _block, needed);
        }
    }

    private void WriteBlock()
    {
        if (_recordCount == 0)
        {
            return;
        }

        var length = DataBlock.Length(_recordBytes);
        EnsureRoom(0);
        var block = _block.AsSpan(0, length);
        DataBlock.Complete(block, _recordBytes, _recordCount, _header.Salt, _blockOffset);
        try
        {
            _file.Write(_blockOffset, block);
        }
        catch (IOException cause)
        {
            throw StorageFailure.Failed($"Writing '{_unfinished}' at offset {_blockOffset}", cause);
        }

        _blockOffset += length;
        _recordBytes = 0;
        _recordCount = 0;
    }
}
