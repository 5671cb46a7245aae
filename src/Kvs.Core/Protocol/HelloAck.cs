using Kvs.Core.Operations;

namespace Kvs.Core.Protocol;

/// <summary>
/// The answer to a Hello. Bytes behind the known ones are skipped, so that it may grow:
/// <code>
/// u16 code 0   u16 version   u8 role   u8 0   u64 epoch   u64 features
/// u32 frame bytes max   u32 key bytes max   u32 value bytes max   u32 batch operations max
/// u32 requests in flight max   u32 streams max   u32 snapshots max   u32 idle timeout ms
/// then three texts, each u16 length and UTF-8: node id, server name, server version
/// </code>
/// </summary>
internal readonly record struct HelloAck
{
    /// <summary>The protocol version that is spoken from here on.</summary>
    internal required ushort Version { get; init; }

    /// <summary>What the node does in its cluster.</summary>
    internal NodeRole Role { get; init; }

    /// <summary>Number of the primary's reign.</summary>
    internal ulong Epoch { get; init; }

    /// <summary>What the server can do.</summary>
    internal Features Features { get; init; }

    /// <summary>Longest request frame.</summary>
    internal uint FrameBytesMax { get; init; }

    /// <summary>Longest key.</summary>
    internal uint KeyBytesMax { get; init; }

    /// <summary>Longest value.</summary>
    internal uint ValueBytesMax { get; init; }

    /// <summary>Most operations in one batch, and most keys in one get-many.</summary>
    internal uint BatchOperationsMax { get; init; }

    /// <summary>Requests without an answer at which the server stops reading from the connection.</summary>
    internal uint InFlightMax { get; init; }

    /// <summary>Most scans that stream at once on this connection.</summary>
    internal uint StreamsMax { get; init; }

    /// <summary>Most snapshots open at once on this connection.</summary>
    internal uint SnapshotsMax { get; init; }

    /// <summary>Silence after which the server closes the connection, milliseconds; 0 for never.</summary>
    internal uint IdleTimeoutMillis { get; init; }

    /// <summary>Id of the node.</summary>
    internal string NodeId { get; init; }

    /// <summary>Name of the server program.</summary>
    internal string ServerName { get; init; }

    /// <summary>Version of the server program.</summary>
    internal string ServerVersion { get; init; }

    /// <summary>Reads the body of the response, behind its code.</summary>
    /// <param name="body">The body.</param>
    /// <param name="ack">What the server says.</param>
    /// <returns>False when it is malformed.</returns>
    internal static bool TryRead(ReadOnlyMemory<byte> body, out HelloAck ack)
    {
        var reader = new FrameReader(body);
        ack = new HelloAck
        {
            Version = reader.ReadUInt16(),
            Role = (NodeRole)(reader.ReadUInt16() & 0xFF),
            Epoch = reader.ReadUInt64(),
            Features = (Features)reader.ReadUInt64(),
            FrameBytesMax = reader.ReadUInt32(),
            KeyBytesMax = reader.ReadUInt32(),
            ValueBytesMax = reader.ReadUInt32(),
            BatchOperationsMax = reader.ReadUInt32(),
            InFlightMax = reader.ReadUInt32(),
            StreamsMax = reader.ReadUInt32(),
            SnapshotsMax = reader.ReadUInt32(),
            IdleTimeoutMillis = reader.ReadUInt32(),
            NodeId = reader.ReadText(),
            ServerName = reader.ReadText(),
            ServerVersion = reader.ReadText(),
        };
        return !reader.Failed;
    }

    /// <summary>Writes the response.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="requestId">The id of the Hello.</param>
    internal void Write(FrameBuffer target, uint requestId)
    {
        var start = target.BeginFrame(Opcodes.ResponseTo(Opcode.Hello), requestId);
        target.WriteUInt16(0);
        target.WriteUInt16(Version);
        target.WriteUInt16((ushort)Role);
        target.WriteUInt64(Epoch);
        target.WriteUInt64((ulong)Features);
        target.WriteUInt32(FrameBytesMax);
        target.WriteUInt32(KeyBytesMax);
        target.WriteUInt32(ValueBytesMax);
        target.WriteUInt32(BatchOperationsMax);
        target.WriteUInt32(InFlightMax);
        target.WriteUInt32(StreamsMax);
        target.WriteUInt32(SnapshotsMax);
        target.WriteUInt32(IdleTimeoutMillis);
        target.WriteText(NodeId);
        target.WriteText(ServerName);
        target.WriteText(ServerVersion);
        target.EndFrame(start);
    }
}
