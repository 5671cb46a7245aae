namespace Kvs.Core.Protocol.Cluster.Messages.Copies;

/// <summary>
/// Asks for bytes of a base copy, which <see cref="BaseCopyOffer"/> has named. Between the drivers: no node sees it.
/// </summary>
/// <param name="Epoch">The epoch of the connection.</param>
/// <param name="CopyId">The copy.</param>
/// <param name="FileId">One of its files.</param>
/// <param name="Offset">The first byte.</param>
/// <param name="BytesMax">Most bytes in the answer.</param>
internal sealed record BaseCopyFetch(
    ulong Epoch,
    UInt128 CopyId,
    ulong FileId,
    ulong Offset,
    uint BytesMax) : ClusterMessage(Epoch);
