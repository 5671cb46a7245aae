using Kvs.Core.Primitives;

namespace Kvs.Core.Protocol;

/// <summary>
/// The first frame of a connection, from the client. Bytes behind the known ones are skipped, so that it may grow:
/// <code>
/// u32 magic "KVS1"   u16 oldest version   u16 newest version   u64 client id   u64 features
/// u32 frame bytes max   u16 length, client name
/// </code>
/// </summary>
internal readonly record struct Hello
{
    /// <summary>"KVS1", as the bytes 4B 56 53 31.</summary>
    internal const uint Magic = 0x3153564B;

    /// <summary>Oldest protocol version that this side speaks.</summary>
    internal const ushort VersionOldest = 1;

    /// <summary>Newest protocol version that this side speaks.</summary>
    internal const ushort VersionNewest = 1;

    /// <summary>Longest client name in bytes; a longer one is cut.</summary>
    internal const int NameBytesMax = 256;

    /// <summary>Oldest version that the client speaks.</summary>
    internal required ushort VersionMin { get; init; }

    /// <summary>Newest version that the client speaks.</summary>
    internal required ushort VersionMax { get; init; }

    /// <summary>Random id of the client instance, for exactly-once retries; 0 for none.</summary>
    internal ulong ClientId { get; init; }

    /// <summary>What the client can do and wants.</summary>
    internal Features Features { get; init; }

    /// <summary>Longest response frame that the client takes.</summary>
    internal uint FrameBytesMax { get; init; }

    /// <summary>Name and version of the client's program, for logs.</summary>
    internal string ClientName { get; init; }

    /// <summary>Writes the request.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="requestId">The id.</param>
    internal void Write(FrameBuffer target, uint requestId)
    {
        var start = target.BeginFrame(Opcode.Hello, requestId);
        target.WriteUInt32(Magic);
        target.WriteUInt16(VersionMin);
        target.WriteUInt16(VersionMax);
        target.WriteUInt64(ClientId);
        target.WriteUInt64((ulong)Features);
        target.WriteUInt32(FrameBytesMax);
        target.WriteText(ClientName, NameBytesMax);
        target.EndFrame(start);
    }

    /// <summary>Reads the first frame of a connection.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="hello">What the client says.</param>
    /// <param name="version">The protocol version to speak: the newest that both sides know.</param>
    /// <param name="fault">Why it is refused; always closes the connection.</param>
    /// <returns>False when it is refused.</returns>
    internal static bool TryRead(in Frame frame, out Hello hello, out ushort version, out DecodeFault fault)
    {
        hello = default;
        version = 0;
        var reader = new FrameReader(frame.Body);
        if (frame.Opcode != Opcode.Hello || frame.Flags != FrameFlags.None || reader.ReadUInt32() != Magic)
        {
            fault = DecodeFault.Malformed("The first frame of a connection is a Hello that begins with the magic KVS1.");
            return false;
        }

        hello = new Hello
        {
            VersionMin = reader.ReadUInt16(),
            VersionMax = reader.ReadUInt16(),
            ClientId = reader.ReadUInt64(),
            Features = (Features)reader.ReadUInt64(),
            FrameBytesMax = reader.ReadUInt32(),
            ClientName = reader.ReadText(),
        };
        version = Math.Min(VersionNewest, hello.VersionMax);
        fault = (reader.Failed, version >= Math.Max(VersionOldest, hello.VersionMin)) switch
        {
            (true, _) => DecodeFault.Malformed("The Hello is cut off."),
            (_, false) => new DecodeFault(
                ErrorCode.UnsupportedVersion,
                $"The client speaks protocol versions {hello.VersionMin} to {hello.VersionMax}, "
                    + $"this server {VersionOldest} to {VersionNewest}."),
            _ => default,
        };
        return fault.Code == ErrorCode.None;
    }
}
