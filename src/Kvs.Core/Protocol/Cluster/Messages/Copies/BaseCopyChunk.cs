using Kvs.Core.Primitives;

namespace Kvs.Core.Protocol.Cluster.Messages.Copies;

/// <summary>Answers <see cref="BaseCopyFetch"/>. Between the drivers: no node sees it.</summary>
/// <param name="Epoch">The epoch of the connection.</param>
/// <param name="CopyId">The copy.</param>
/// <param name="FileId">The file.</param>
/// <param name="Offset">Where its first byte stands in the file.</param>
/// <param name="Checksum">CRC-32C of its bytes.</param>
/// <param name="Bytes">
/// The bytes; fewer than asked for, or none, at the end of the file. Ownership: like those of <see cref="Append.Frames"/>.
/// </param>
internal sealed record BaseCopyChunk(
    ulong Epoch,
    UInt128 CopyId,
    ulong FileId,
    ulong Offset,
    uint Checksum,
    ReadOnlyMemory<byte> Bytes) : ClusterMessage(Epoch)
{
    /// <summary>Whether the bytes are those that were sent. Reads all of them.</summary>
    internal bool IsIntact => Crc32C.Compute(Bytes.Span) == Checksum;
}
