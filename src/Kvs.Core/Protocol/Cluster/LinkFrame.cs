namespace Kvs.Core.Protocol.Cluster;

/// <summary>
/// A frame between two nodes that was received whole; its header is valid, its body is not yet judged. Ownership: a view
/// over the receive buffer.
/// </summary>
internal readonly record struct LinkFrame
{
    /// <summary>What it is; one that is unknown here may be skipped.</summary>
    internal LinkOpcode Opcode { get; init; }

    /// <summary>The epoch of the message.</summary>
    internal ulong Epoch { get; init; }

    /// <summary>The body.</summary>
    internal ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Bytes of the whole frame, header included; 0 when not yet known.</summary>
    internal int Length { get; init; }
}
