namespace Kvs.Core.Protocol;

/// <summary>
/// A frame that was received whole. It judges no body: that is the request and response decoders' job.
/// Ownership: a view over the receive buffer; valid until that buffer is written again.
/// </summary>
internal readonly record struct Frame
{
    /// <summary>What it is; not yet known to be valid.</summary>
    internal Opcode Opcode { get; init; }

    /// <summary>Its flags.</summary>
    internal FrameFlags Flags { get; init; }

    /// <summary>The id that request and response share.</summary>
    internal uint RequestId { get; init; }

    /// <summary>The optional fields; empty when there are none.</summary>
    internal ReadOnlyMemory<byte> Fields { get; init; }

    /// <summary>The body.</summary>
    internal ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Bytes of the whole frame, header included; 0 when not yet known.</summary>
    internal int Length { get; init; }
}
