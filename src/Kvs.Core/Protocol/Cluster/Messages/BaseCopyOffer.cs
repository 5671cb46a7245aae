using System.Collections.Immutable;
using Kvs.Core.Primitives;

namespace Kvs.Core.Protocol.Cluster.Messages;

/// <summary>
/// A copy of the whole state is ready to be fetched. The bytes travel in frames of their own, between the drivers.
/// </summary>
/// <param name="Epoch">The epoch that the sender leads.</param>
/// <param name="CopyId">Names the copy while it is fetched.</param>
/// <param name="Upto">The batch up to which the copy reaches; committed.</param>
/// <param name="Files">What belongs to it.</param>
internal sealed record BaseCopyOffer(
    ulong Epoch,
    UInt128 CopyId,
    KvsVersion Upto,
    ImmutableArray<BaseCopyFile> Files) : ClusterMessage(Epoch);

/// <summary>One file of a base copy.</summary>
/// <param name="Id">Its id in the primary's store.</param>
/// <param name="Kind">What it is; the numbers of docs/format.md.</param>
/// <param name="Length">Its length in bytes.</param>
/// <param name="Checksum">CRC32C of all of it.</param>
internal readonly record struct BaseCopyFile(ulong Id, byte Kind, ulong Length, uint Checksum);
