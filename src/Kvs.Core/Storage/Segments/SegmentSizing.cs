using System.Numerics;
using Kvs.Core.Primitives;

namespace Kvs.Core.Storage.Segments;

/// <summary>
/// How large segments and the reserve are: small in a small store, growing with its data. An empty store is one written
/// segment and one ready one, 1 MiB each, and the reserve: under 4 MiB with all the rest.
/// </summary>
internal static class SegmentSizing
{
    /// <summary>Smallest segment in bytes (1 MiB).</summary>
    internal const int SegmentBytesMin = 1024 * 1024;

    /// <summary>A segment is about this share of the data: enough segments that compaction can choose.</summary>
    private const int DataShare = 16;

    /// <summary>Granularity of what is reserved for the request file (64 KiB).</summary>
    private const int RequestStepBytes = 64 * 1024;

    /// <summary>Granularity of a capacity.</summary>
    private const int Block = SegmentHeader.Bytes;

    /// <summary>Capacity of the next log segment.</summary>
    /// <param name="dataBytes">Bytes of all live files.</param>
    /// <param name="groupBytes">Bytes of a group that must fit, its overhead included; 0 for none.</param>
    internal static long SegmentBytes(long dataBytes, long groupBytes)
    {
        var share = (long)BitOperations.RoundUpToPowerOf2((ulong)(dataBytes / DataShare));
        var bytes = Math.Clamp(share, SegmentBytesMin, Limits.SegmentBytesMax);
        return Math.Max(bytes, ForGroup(groupBytes));
    }

    /// <summary>Smallest capacity that takes so many bytes of groups.</summary>
    /// <param name="groupBytes">Bytes behind the header.</param>
    internal static long ForGroup(long groupBytes) => (SegmentHeader.Bytes + groupBytes + Block - 1) / Block * Block;

    /// <summary>
    /// Size of the reserve: four segments; in a small store one and a quarter, which is what the compaction of half a
    /// segment of live records needs at worst, for the hint file of small records is as large as they are. A new segment and
    /// its manifest, which an opening needs on a disk without another free byte, fit as well.
    /// </summary>
    /// <param name="segmentBytes">Capacity of the next log segment.</param>
    /// <param name="requestBytes">Bytes of the request file, which is written anew before a segment can be sealed.</param>
    internal static long ReserveBytes(long segmentBytes, long requestBytes) => RequestReserveBytes(requestBytes)
        + (segmentBytes <= SegmentBytesMin
            ? SegmentBytesMin + (SegmentBytesMin / 4)
            : Math.Min(4 * segmentBytes, Limits.ReserveBytesMax));

    // In steps, so that the reserve is not made larger with each file: it grows only.
    private static long RequestReserveBytes(long requestBytes) =>
        (requestBytes + RequestStepBytes - 1) / RequestStepBytes * RequestStepBytes;

    /// <summary>Most live bytes that are compacted at once, so that one compaction needs little extra room.</summary>
    /// <param name="dataBytes">Bytes of all live files.</param>
    /// <param name="isDiskFull">Whether there may be no other room for it than the reserve.</param>
    internal static long CompactionBytes(long dataBytes, bool isDiskFull) =>
        SegmentBytes(dataBytes, 0) / (isDiskFull ? 2 : 1);
}
