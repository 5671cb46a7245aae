namespace Kvs.Core.Primitives;

/// <summary>The limits of the product; what happens at each is written beside it. Configurable ones are defaults.</summary>
public static class Limits
{
    /// <summary>Longest key in bytes (128 KiB). A longer one is refused with <see cref="ErrorCode.KeyTooLarge"/>.</summary>
    public const int KeyBytesMax = 128 * 1024;

    /// <summary>Longest value in bytes (64 MiB, default). A longer one is refused with <see cref="ErrorCode.ValueTooLarge"/>.</summary>
    public const int ValueBytesMax = 64 * 1024 * 1024;

    /// <summary>
    /// Longest content type in bytes (255: its length is one byte wherever it is written). A longer one is refused with
    /// <see cref="ErrorCode.InvalidArgument"/>.
    /// </summary>
    public const int ContentTypeBytesMax = 255;

    /// <summary>
    /// Most bytes of keys and values in one batch (65 MiB, default: one largest value and its key fit). A larger one is
    /// refused with <see cref="ErrorCode.BatchTooLarge"/>.
    /// </summary>
    public const int BatchBytesMax = ValueBytesMax + (1024 * 1024);

    /// <summary>Most operations in one batch. More are refused with <see cref="ErrorCode.BatchTooLarge"/>.</summary>
    public const int BatchOperationsMax = 100_000;

    /// <summary>
    /// Longest frame on the wire in bytes, its length field included (66 MiB, default). A longer one gets
    /// <see cref="ErrorCode.FrameTooLarge"/> and a closed connection.
    /// </summary>
    public const int FrameBytesMax = BatchBytesMax + (1024 * 1024);

    /// <summary>
    /// Group bytes at which draining stops (1 MiB): a sync of 1 MiB costs little more than one of 4 KiB, a larger one
    /// delays the first writer. A single larger batch makes a group of its own.
    /// </summary>
    public const int CommitGroupBytesMax = 1024 * 1024;

    /// <summary>
    /// Most bytes of one group frame (81 MiB), in the log and between nodes: one message takes it. The largest batch makes
    /// less; what makes more is refused before it is in the log, see <see cref="BatchRecordBytesMax"/>.
    /// </summary>
    internal const int GroupBytesMax = BatchBytesMax + (16 * 1024 * 1024);

    /// <summary>
    /// Most bytes of the records of one batch (77 MiB). Keys and values of a request never make so much; but an expire or a
    /// persist writes the value of its key once more, so a small request can. It is refused with
    /// <see cref="ErrorCode.BatchTooLarge"/>. The rest of a group's bytes is for what it holds before, up to
    /// <see cref="CommitGroupBytesMax"/> and a key, and for what is kept for repetitions of the batch.
    /// </summary>
    internal const int BatchRecordBytesMax = GroupBytesMax - (4 * 1024 * 1024);

    /// <summary>
    /// Bytes of writes that wait in the commit queue (256 MiB, default). Beyond it new writes get
    /// <see cref="ErrorCode.Overloaded"/>; doors stop reading before that.
    /// </summary>
    public const long QueuedBytesMax = 256L * 1024 * 1024;

    /// <summary>Entries of a page of a scan (1,000, default). A longer range goes on behind the page's cursor.</summary>
    public const int ScanPageEntries = 1000;

    /// <summary>Bytes of keys and values of a page of a scan (1 MiB, default); one larger entry makes a page of its own.</summary>
    public const int ScanPageBytes = 1024 * 1024;

    /// <summary>Largest log segment in bytes (64 MiB); segments of a small store are smaller.</summary>
    public const int SegmentBytesMax = 64 * 1024 * 1024;

    /// <summary>Largest disk reserve in bytes (256 MiB); that of a small store is smaller.</summary>
    public const long ReserveBytesMax = 256L * 1024 * 1024;

    /// <summary>Retained history in bytes (256 MiB, default): log segments younger than this are not compacted away.</summary>
    public const long HistoryBytes = 256L * 1024 * 1024;

    /// <summary>
    /// How long work waits for its commit to begin, or for room to wait there (5 s each). Then it is refused with
    /// <see cref="ErrorCode.Overloaded"/>: who is answered later than that has asked again, and a queue of what nobody waits for
    /// any more would never end.
    /// </summary>
    internal static TimeSpan QueueTimeMax => TimeSpan.FromSeconds(5);

    /// <summary>How late at most an expired key is removed while writes commit, before commit time.</summary>
    public static TimeSpan ExpiryTick => TimeSpan.FromMilliseconds(100);
}
