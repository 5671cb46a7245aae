using Kvs.Core.Buffers;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;

namespace Kvs.Core.Storage.Segments;

/// <summary>
/// An open segment file with its mapping. Threading: reads from any thread; disposed only when no pin, lease, watcher
/// or backup can hold it, which the engine decides. Ownership: owns file and mapping.
/// </summary>
internal sealed class Segment : IDisposable
{
    private readonly MappedBytes _mapping;

    private Segment(in SegmentHeader header, IFile file)
    {
        Header = header;
        File = file;
        _mapping = new MappedBytes(file.Map());
    }

    /// <summary>The file's first block.</summary>
    internal SegmentHeader Header { get; }

    /// <summary>The id; never used again in the store.</summary>
    internal uint Id => Header.SegmentId;

    /// <summary>Log or data.</summary>
    internal SegmentKind Kind => Header.Kind;

    /// <summary>The open file.</summary>
    internal IFile File { get; }

    /// <summary>Bytes of the file; does not change while it is open.</summary>
    internal long Length => _mapping.Length;

    /// <summary>Opens a segment that the manifest names; it must be the very file that the manifest means.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="path">The file.</param>
    /// <param name="expected">What the manifest says.</param>
    /// <param name="storeId">The store.</param>
    /// <param name="writable">Whether it will be written.</param>
    /// <exception cref="KvsCorruptionException">It is missing, another file, or damaged.</exception>
    internal static Segment Open(
        IFileSystem files, string path, in SegmentIdentity expected, UInt128 storeId, bool writable)
    {
        if (!files.FileExists(path))
        {
            throw StorageFailure.Damaged(path, 0, "the file is missing, but the manifest lists it.");
        }

        var file = files.Open(path, writable);
        try
        {
            return new Segment(ReadHeader(file, expected, storeId), file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads and checks the first block of a segment that the manifest names.</summary>
    /// <exception cref="KvsCorruptionException">It is not the block that the manifest means.</exception>
    internal static SegmentHeader ReadHeader(IFile file, in SegmentIdentity expected, UInt128 storeId)
    {
        var block = new byte[SegmentHeader.Bytes];
        var read = file.Read(0, block);
        if (read != SegmentHeader.Bytes || !SegmentHeader.TryRead(block, out var header))
        {
            throw StorageFailure.Damaged(file.Path, 0, "the segment header fails its checksum.");
        }

        if (header.StoreId != storeId || header.SegmentId != expected.Id || header.Salt != expected.Salt
            || header.Kind != expected.Kind)
        {
            throw StorageFailure.Damaged(file.Path, 0,
                "the segment header belongs to another file than the manifest lists.");
        }

        return header;
    }

    /// <summary>A view of a range; later appends show in it.</summary>
    /// <param name="offset">First byte.</param>
    /// <param name="length">Bytes.</param>
    internal ReadOnlySpan<byte> Bytes(long offset, int length) => _mapping.Slice(offset, length);

    /// <summary>Whether reading a range now waits for no disk; see <see cref="IFileMapping.IsInMemory"/>.</summary>
    /// <param name="offset">First byte.</param>
    /// <param name="length">Bytes.</param>
    internal bool IsInMemory(long offset, int length) => _mapping.IsInMemory(offset, length);

    /// <summary>Unmaps and closes.</summary>
    public void Dispose()
    {
        _mapping.Dispose();
        File.Dispose();
    }
}

/// <summary>What tells a segment file from every other, also from the same file before it was recycled.</summary>
/// <param name="Kind">Log or data.</param>
/// <param name="Id">Its id.</param>
/// <param name="Salt">Its salt.</param>
internal readonly record struct SegmentIdentity(SegmentKind Kind, uint Id, ulong Salt);
