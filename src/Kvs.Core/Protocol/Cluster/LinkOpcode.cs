namespace Kvs.Core.Protocol.Cluster;

/// <summary>
/// What a frame between two nodes is: 0x40 to 0x5F. Numbers are part of the protocol: never reuse one. A receiver skips
/// those from <see cref="LinkLayout.SkippableMin"/> on that it does not know; any other unknown one ends the link.
/// </summary>
internal enum LinkOpcode : byte
{
    /// <summary>No opcode; never valid.</summary>
    None = 0x00,

    /// <summary><see cref="Messages.ReplicaHello"/>.</summary>
    ReplicaHello = 0x40,

    /// <summary><see cref="Messages.ReplicaHelloAck"/>.</summary>
    ReplicaHelloAck = 0x41,

    /// <summary><see cref="Messages.Append"/>.</summary>
    Append = 0x42,

    /// <summary><see cref="Messages.AppendAck"/>.</summary>
    AppendAck = 0x43,

    /// <summary><see cref="Messages.Beacon"/>.</summary>
    Beacon = 0x44,

    /// <summary><see cref="Messages.BeaconAck"/>.</summary>
    BeaconAck = 0x45,

    /// <summary><see cref="Messages.Fenced"/>.</summary>
    Fenced = 0x46,

    /// <summary><see cref="Messages.LogStateRequest"/>.</summary>
    LogStateRequest = 0x47,

    /// <summary><see cref="Messages.LogState"/>.</summary>
    LogState = 0x48,

    /// <summary><see cref="Messages.Seal"/>.</summary>
    Seal = 0x49,

    /// <summary><see cref="Messages.SealAck"/>.</summary>
    SealAck = 0x4A,

    /// <summary><see cref="Messages.Transfer"/>.</summary>
    Transfer = 0x4B,

    /// <summary><see cref="Messages.TransferReady"/>.</summary>
    TransferReady = 0x4C,

    /// <summary><see cref="Messages.BaseCopyOffer"/>.</summary>
    BaseCopyOffer = 0x4D,

    /// <summary><see cref="Messages.Copies.BaseCopyFetch"/>.</summary>
    BaseCopyFetch = 0x4E,

    /// <summary><see cref="Messages.Copies.BaseCopyChunk"/>.</summary>
    BaseCopyChunk = 0x4F,

    /// <summary><see cref="Messages.Digests.Digest"/>.</summary>
    Digest = 0x50,

    /// <summary><see cref="Messages.Digests.DigestAnswer"/>.</summary>
    DigestAnswer = 0x51,

    /// <summary><see cref="Messages.Proofs.Proof"/>.</summary>
    Proof = 0x52,

    /// <summary><see cref="Messages.Goodbye"/>.</summary>
    Goodbye = 0x55,
}
