using System.Buffers.Binary;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Records;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Storage.Hints;

/// <summary>
/// Makes the hint file of a sealed segment: for each key its newest record there, in key order, so that opening reads
/// no values. Only for segments whose content is committed. Threading: one thread, any; no reader sees the file before it
/// is whole. Ownership: reads from the segment's mapping, which the caller keeps open.
/// </summary>
internal sealed class HintWriter
{
    private const int BlockBytes = 64 * 1024;

    private readonly Segment _segment;
    private readonly long _end;
    private readonly KeyOrder _order;
    private readonly IFile _file;
    private byte[] _block = new byte[BlockBytes];
    private int _blockLength = HintHeader.BlockHeaderBytes;
    private long _fileOffset = HintHeader.Bytes;
    private uint _blockCount;
    private long _recordCount;
    private long _recordBytes;
    private ulong _first;
    private ulong _last;

    private HintWriter(Segment segment, long end, IFile file)
    {
        _segment = segment;
        _end = end;
        _file = file;
        _order = new KeyOrder(segment);
    }

    /// <summary>Writes the hint file, durably, in place of one that is there.</summary>
    /// <param name="files">The store directory.</param>
    /// <param name="segment">A segment that is written no more.</param>
    /// <param name="end">Bytes of it that count.</param>
    /// <returns>The header, with the figures of the segment.</returns>
    /// <exception cref="KvsCorruptionException">The segment is damaged.</exception>
    /// <exception cref="KvsStorageException">A file operation failed; nothing is left of the new file.</exception>
    internal static HintHeader Write(SegmentFiles files, Segment segment, long end)
    {
        var name = StoreFiles.Hint(segment.Id);
        var unfinished = files.PathOf(StoreFiles.Unfinished(name));
        try
        {
            NewFile.DeleteIfThere(files.FileSystem, unfinished);
            HintHeader header;
            using (var file = files.FileSystem.Create(unfinished))
            {
                header = new HintWriter(segment, end, file).Write();
                file.SyncData();
            }

            files.FileSystem.Rename(unfinished, files.PathOf(name));
            files.FileSystem.SyncDirectory(files.Directory);
            return header;
        }
        catch (IOException cause)
        {
            NewFile.TryDelete(files.FileSystem, unfinished);
            throw StorageFailure.Failed($"Writing '{unfinished}'", cause);
        }
        catch (KvsCorruptionException)
        {
            NewFile.TryDelete(files.FileSystem, unfinished);
            throw;
        }
    }

    /// <summary>Makes the content of the hint file without a file: for a look that changes nothing, and a full disk.</summary>
    /// <param name="segment">A segment that is written no more.</param>
    /// <param name="end">Bytes of it that count.</param>
    /// <returns>What the file would hold.</returns>
    /// <exception cref="KvsCorruptionException">The segment is damaged.</exception>
    internal static IFile WriteToMemory(Segment segment, long end)
    {
        var file = new MemoryFile(StoreFiles.Hint(segment.Id));
        new HintWriter(segment, end, file).Write();
        return file;
    }

    private HintHeader Write()
    {
        Collect();
        _order.Sort();
        var filter = KeyFilter.ForKeys(_order.Offsets.Length);
        var keys = WriteEntries(filter);
        _file.Write(_fileOffset, filter.Bytes);
        var header = new HintHeader(
            _segment.Id,
            _blockCount,
            _segment.Header.Salt,
            _end,
            keys,
            _recordCount,
            _recordBytes,
            _first,
            _last,
            _fileOffset - HintHeader.Bytes,
            (uint)filter.Bytes.Length,
            Crc32C.Compute(filter.Bytes));
        _file.Write(0, header.Write());
        return header;
    }

    private void Collect()
    {
        var walk = new RecordWalk(_segment, _end);
        while (walk.MoveNext())
        {
            var record = walk.Current;
            _recordCount++;
            _recordBytes += record.Bytes.Length;
            _first = _first == 0 ? record.Sequence : Math.Min(_first, record.Sequence);
            _last = Math.Max(_last, record.Sequence);
            if (record.Kind is RecordKind.Set or RecordKind.Remove)
            {
                _order.Add((uint)walk.Offset, record.Key);
            }
        }
    }

    private long WriteEntries(KeyFilter filter)
    {
        var keys = 0L;
        ReadOnlySpan<byte> previous = default;
        foreach (var offset in _order.Offsets)
        {
            var record = _order.Record(offset);
            if (keys > 0 && record.Key.SequenceEqual(previous))
            {
                continue;
            }

            previous = record.Key;
            filter.Add(record.Key);
            WriteEntry(record, offset);
            keys++;
        }

        WriteBlock();
        return keys;
    }

    private void WriteEntry(in RecordView record, uint offset)
    {
        var bytesMax = record.Key.Length + HintEntryCodec.OverheadMax;
        if (_blockLength + bytesMax > _block.Length)
        {
            WriteBlock();
        }

        if (_blockLength + bytesMax > _block.Length)
        {
            Array.Resize(ref _block, _blockLength + bytesMax);
        }

        _blockLength += HintEntryCodec.Write(_block.AsSpan(_blockLength), record, offset);
    }

    private void WriteBlock()
    {
        if (_blockLength == HintHeader.BlockHeaderBytes)
        {
            return;
        }

        var entries = _block.AsSpan(HintHeader.BlockHeaderBytes, _blockLength - HintHeader.BlockHeaderBytes);
        BinaryPrimitives.WriteInt32LittleEndian(_block, entries.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(_block.AsSpan(sizeof(uint)), Crc32C.Compute(entries));
        _file.Write(_fileOffset, _block.AsSpan(0, _blockLength));
        _fileOffset += _blockLength;
        _blockCount++;
        _blockLength = HintHeader.BlockHeaderBytes;
    }
}
