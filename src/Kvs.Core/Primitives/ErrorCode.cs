namespace Kvs.Core.Primitives;

/// <summary>
/// The stable codes of everything that can go wrong, shared by the API, the wire protocol and the command line.
/// Numbers are part of the protocol: never reuse one. Each has a line in docs/errors.md (meaning, cause, remedy, retry).
/// </summary>
public enum ErrorCode
{
    /// <summary>No error.</summary>
    None = 0,

    /// <summary>The key is not present (or has expired).</summary>
    NotFound = 1,

    /// <summary>A condition of the write did not hold; nothing was applied.</summary>
    ConditionFailed = 2,

    /// <summary>Increment of a value that is not a decimal 64-bit integer; nothing was applied.</summary>
    NotAnInteger = 3,

    /// <summary>Increment beyond the range of a 64-bit integer; nothing was applied.</summary>
    IntegerOverflow = 4,

    /// <summary>An argument has no meaning (a negative limit, an unparsable token, and the like).</summary>
    InvalidArgument = 5,

    /// <summary>The key is longer than <see cref="Limits.KeyBytesMax"/>.</summary>
    KeyTooLarge = 6,

    /// <summary>The value is longer than the configured limit.</summary>
    ValueTooLarge = 7,

    /// <summary>The batch is larger than the configured limit.</summary>
    BatchTooLarge = 8,

    /// <summary>A float increment of, or by, what is no decimal number of its range; nothing was applied.</summary>
    NotAFloat = 9,

    /// <summary>The server has no room for more work now; retry later.</summary>
    Overloaded = 20,

    /// <summary>The deadline of the request passed before it was done.</summary>
    DeadlineExceeded = 21,

    /// <summary>The disk has no room; reads go on, writes resume by themselves when there is room.</summary>
    DiskFull = 22,

    /// <summary>An append or a sync failed: the store takes no writes until it is reopened from disk.</summary>
    Faulted = 23,

    /// <summary>The store or server is closing.</summary>
    ShuttingDown = 24,

    /// <summary>The snapshot named by the request is closed or was ended because of its age.</summary>
    SnapshotExpired = 25,

    /// <summary>It is not known whether the write was applied.</summary>
    OutcomeUnknown = 26,

    /// <summary>The server cannot be reached.</summary>
    Unreachable = 27,

    /// <summary>The engine cannot do what was asked (for example compaction of the memory engine).</summary>
    NotSupported = 28,

    /// <summary>Another node takes the writes; its address is in the text and beside it, where it is known.</summary>
    NotPrimary = 29,

    /// <summary>Fewer nodes are in sync than an acknowledgement needs: no writes for now, reads go on.</summary>
    NotEnoughReplicas = 30,

    /// <summary>The node cannot prove now that it still is the primary, so it answers no linearizable read.</summary>
    NoLease = 31,

    /// <summary>The deadline came before this node showed the position that the read asked for.</summary>
    TooStale = 32,

    /// <summary>The position that the read asked for is of a history that a failover or a restore has dropped.</summary>
    TokenLost = 33,

    /// <summary>The changes that a watch asked for are compacted away: read the state anew, and watch from its position.</summary>
    Compacted = 34,

    /// <summary>Stored data is damaged; nothing was changed. Run kvs-server check.</summary>
    Corruption = 40,

    /// <summary>A file operation failed.</summary>
    StorageFailed = 41,

    /// <summary>Another process owns the data directory.</summary>
    DirectoryLocked = 42,

    /// <summary>The data directory belongs to another engine.</summary>
    EngineMismatch = 43,

    /// <summary>The files were written by a newer version, or are no KvsTcp files.</summary>
    UnsupportedFormat = 44,

    /// <summary>The configuration is unusable.</summary>
    Configuration = 45,

    /// <summary>The peer sent bytes that are no valid frame; the connection is closed.</summary>
    Protocol = 60,

    /// <summary>The peer speaks no protocol version that this side knows.</summary>
    UnsupportedVersion = 61,

    /// <summary>The operation code is unknown.</summary>
    UnknownOpcode = 62,

    /// <summary>The frame is larger than the limit.</summary>
    FrameTooLarge = 63,

    /// <summary>The server has as many connections as it is allowed to have.</summary>
    TooManyConnections = 64,

    /// <summary>
    /// Nobody said who asks, or what was said is wrong (which part of it is not told), or the access was taken back.
    /// </summary>
    Unauthenticated = 70,

    /// <summary>Who asks may not do this: its role allows less.</summary>
    PermissionDenied = 71,

    /// <summary>A bug of ours. The log of the server names the place.</summary>
    Internal = 99,
}

/// <summary>What is known of a write that was answered with an error.</summary>
public enum WriteOutcome
{
    /// <summary>The write was applied.</summary>
    Applied = 0,

    /// <summary>The write was not applied and never will be.</summary>
    NotApplied = 1,

    /// <summary>The write may be there after a restart, or may not.</summary>
    Unknown = 2,
}
