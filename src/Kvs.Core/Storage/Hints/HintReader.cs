using System.Buffers.Binary;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Storage.Hints;

/// <summary>
/// Reads a hint file in key order, a block at a time. Opening verifies the whole file, so a walk meets no surprise.
/// Threading: one thread. Ownership: owns the open file.
/// </summary>
internal sealed class HintReader : IDisposable
{
    private readonly IFile _file;
    private byte[] _block = [];
    private int _blockLength;
    private int _position;
    private int _keyStart;
    private int _keyLength;
    private long _fileOffset = HintHeader.Bytes;
    private uint _blocksRead;

    private HintReader(IFile file, HintHeader header)
    {
        _file = file;
        Header = header;
    }

    /// <summary>The figures of the segment.</summary>
    internal HintHeader Header { get; }

    /// <summary>The current key; valid until the next move.</summary>
    internal ReadOnlySpan<byte> Key => _block.AsSpan(_keyStart, _keyLength);

    /// <summary>The current entry.</summary>
    internal HintEntry Entry { get; private set; }

    /// <summary>Opens and verifies the hint file of a segment.</summary>
    /// <param name="files">The store directory.</param>
    /// <param name="segment">The manifest's entry of the sealed segment.</param>
    /// <returns>Null when it is missing, damaged or of another use of the file: build it anew from the
    /// segment.</returns>
    /// <exception cref="IOException">It cannot be read.</exception>
    internal static HintReader? TryOpen(SegmentFiles files, ManifestFile segment)
    {
        var path = files.PathOf(StoreFiles.Hint(segment.Id));
        if (!files.FileSystem.FileExists(path))
        {
            return null;
        }

        var file = files.FileSystem.Open(path, writable: false);
        HintReader? reader = null;
        try
        {
            var header = ReadHeader(file, segment);
            reader = header is not null && IsIntact(file, header) ? new HintReader(file, header) : null;
            return reader;
        }
        finally
        {
            if (reader is null)
            {
                file.Dispose();
            }
        }
    }

    /// <summary>Reads what was just made in memory.</summary>
    /// <param name="file">A whole hint file. Ownership: taken over.</param>
    internal static HintReader Open(IFile file)
    {
        var bytes = new byte[HintHeader.Bytes];
        Check.That(file.Read(0, bytes) == bytes.Length);
        var header = HintHeader.TryRead(bytes);
        Check.That(header is not null);
        return new HintReader(file, header);
    }

    /// <summary>Reads the key filter.</summary>
    internal KeyFilter ReadFilter()
    {
        var bytes = new byte[Header.FilterBytes];
        Check.That(_file.Read(HintHeader.Bytes + Header.BlockBytes, bytes) == bytes.Length);
        return KeyFilter.Of(bytes);
    }

    /// <summary>Goes to the next key.</summary>
    /// <returns>False at the end.</returns>
    internal bool MoveNext()
    {
        if (_position == _blockLength)
        {
            if (_blocksRead == Header.BlockCount)
            {
                return false;
            }

            Check.That(TryReadBlock());
        }

        var read = HintEntryCodec.Read(_block.AsSpan(_position, _blockLength - _position), Header.SegmentId,
            out var key, out var entry);
        _position += read;
        (_keyStart, _keyLength) = (_position - key.Length, key.Length);
        Entry = entry;
        return true;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private static HintHeader? ReadHeader(IFile file, ManifestFile segment)
    {
        var bytes = new byte[HintHeader.Bytes];
        var header = file.Read(0, bytes) == bytes.Length ? HintHeader.TryRead(bytes) : null;
        return header?.SegmentId == segment.Id && header.Salt == segment.Identity.Salt && header.SegmentEnd == segment.End
            ? header
            : null;
    }

    private static bool IsIntact(IFile file, HintHeader header)
    {
        // The lengths are verified against the file before anything is allocated by them.
        var length = HintHeader.Bytes + header.BlockBytes + header.FilterBytes;
        if (header.BlockBytes < 0 || header.FilterBytes < sizeof(ulong) || length != file.Length)
        {
            return false;
        }

        var reader = new HintReader(file, header);
        for (var block = 0; block < header.BlockCount; block++)
        {
            if (!reader.TryReadBlock())
            {
                return false;
            }
        }

        return reader._fileOffset == HintHeader.Bytes + header.BlockBytes
            && Crc32C.Compute(reader.ReadFilter().Bytes) == header.FilterCrc;
    }

    private bool TryReadBlock()
    {
        Span<byte> head = stackalloc byte[HintHeader.BlockHeaderBytes];
        if (_file.Read(_fileOffset, head) != head.Length)
        {
            return false;
        }

        var length = BinaryPrimitives.ReadUInt32LittleEndian(head);
        if (length == 0 || length > HintHeader.Bytes + Header.BlockBytes - _fileOffset - head.Length)
        {
            return false;
        }

        if (_block.Length < length)
        {
            _block = new byte[length];
        }

        _blockLength = (int)length;
        _position = 0;
        _fileOffset += head.Length;
        var entries = _block.AsSpan(0, _blockLength);
        var read = _file.Read(_fileOffset, entries);
        _fileOffset += _blockLength;
        _blocksRead++;
        return read == _blockLength
            && Crc32C.Compute(entries) == BinaryPrimitives.ReadUInt32LittleEndian(head[sizeof(uint)..]);
    }
}
