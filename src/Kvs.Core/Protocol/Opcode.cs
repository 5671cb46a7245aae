namespace Kvs.Core.Protocol;

/// <summary>
/// What a frame is. Numbers are part of the protocol: never reuse one. A response has the number of its request with
/// <see cref="Opcodes.ResponseBit"/> set. 0x40 to 0x5F belong to the links between nodes (0xC0 to 0xDF with them).
/// The low four bits of 0x11 to 0x18 are the number of the operation.
/// </summary>
internal enum Opcode : byte
{
    /// <summary>No opcode; never valid.</summary>
    None = 0x00,

    /// <summary>The handshake: the first frame of a connection, once.</summary>
    Hello = 0x01,

    /// <summary>Answers, and nothing else.</summary>
    Ping = 0x02,

    /// <summary>What the server is.</summary>
    Info = 0x03,

    /// <summary>Figures about the store.</summary>
    Stats = 0x04,

    /// <summary>Reclaims space now.</summary>
    Compact = 0x05,

    /// <summary>What the cluster is, and how each node of it does.</summary>
    ClusterStatus = 0x06,

    /// <summary>Makes a replica the primary.</summary>
    ClusterPromote = 0x07,

    /// <summary>Moves the primary to another node.</summary>
    ClusterTransfer = 0x08,

    /// <summary>Removes a node from the cluster.</summary>
    ClusterLeave = 0x09,

    /// <summary>The newest committed position.</summary>
    Position = 0x0A,

    /// <summary>Digests of a range of keys, to compare nodes.</summary>
    ClusterDigest = 0x0B,

    /// <summary>Makes a node the primary although acknowledged writes may be lost by it.</summary>
    ClusterForcePromote = 0x0C,

    /// <summary>Says who the client is.</summary>
    Auth = 0x0D,

    /// <summary>The newest requests that took long.</summary>
    SlowLog = 0x0E,

    /// <summary>Sets a key.</summary>
    Set = 0x11,

    /// <summary>Removes a key.</summary>
    Remove = 0x12,

    /// <summary>Adds to a decimal integer.</summary>
    Increment = 0x13,

    /// <summary>Changes the expiry of a key.</summary>
    Expire = 0x14,

    /// <summary>Clears the expiry of a key.</summary>
    Persist = 0x15,

    /// <summary>Reads a key with its value.</summary>
    Get = 0x17,

    /// <summary>Reads whether a key is there, its version, expiry and length.</summary>
    Stat = 0x18,

    /// <summary>Several operations, wholly or not at all.</summary>
    Batch = 0x20,

    /// <summary>Reads several keys from one consistent view.</summary>
    GetMany = 0x21,

    /// <summary>One page of a scan.</summary>
    ScanPage = 0x22,

    /// <summary>A scan that is streamed in chunks, as far as the client gives credit.</summary>
    Scan = 0x23,

    /// <summary>More credit for a stream, a scan or a watch. Has no response.</summary>
    ScanCredit = 0x24,

    /// <summary>Ends a stream early. Has no response of its own: the stream ends with its last chunk.</summary>
    ScanCancel = 0x25,

    /// <summary>Counts the keys of a range.</summary>
    Count = 0x26,

    /// <summary>Opens a snapshot.</summary>
    SnapshotOpen = 0x27,

    /// <summary>Closes a snapshot.</summary>
    SnapshotClose = 0x28,

    /// <summary>Follows changes: a stream of chunks as that of a scan, which does not end by itself.</summary>
    Watch = 0x29,

    /// <summary>From the server, before it closes the connection: why.</summary>
    Error = 0xFF,
}
