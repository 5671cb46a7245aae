using System.Buffers.Binary;
using Kvs.Bench.Workloads;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;

namespace Kvs.Bench.Load.Wires;

/// <summary>
/// Our own protocol (docs/protocol.md). Requests are made by the product's encoder; replies are read by this small decoder,
/// which looks at what it must and no more, as that of the other protocol does.
/// </summary>
internal sealed class KvsWire : IWire
{
    private const int CodeBytes = 2;
    private const int VersionBytes = 16;
    private const byte WasThere = 0x01;
    private const byte HasVersion = 0x02;
    private const byte HasExpiry = 0x04;
    private const byte HasNumber = 0x08;
    private const byte HasValue = 0x10;

    private readonly BenchValue _value;
    private readonly RequestTemplate _ping;
    private readonly RequestTemplate _set;
    private readonly RequestTemplate _get;
    private readonly byte[] _greeting;

    /// <summary>For values of one length.</summary>
    /// <param name="value">How values look.</param>
    internal KvsWire(BenchValue value)
    {
        _value = value;
        var key = new byte[BenchKeys.Bytes];
        var behindKey = value.Length + BenchKeys.Bytes;
        _ping = Made(static buffer => RequestEncoder.WriteEmpty(buffer, Opcode.Ping, 0, default));
        _get = Made(buffer => RequestEncoder.WriteOperation(buffer, 0, default, new Operation { Kind = OperationKind.Get, Key = key }));
        _get = _get with { KeyOffset = _get.Bytes.Length - BenchKeys.Bytes };
        _set = Made(buffer => RequestEncoder.WriteOperation(buffer, 0, default, new Operation { Kind = OperationKind.Set, Key = key, Value = value.Bytes.ToArray() }));
        _set = _set with
        {
            KeyOffset = _set.Bytes.Length - behindKey,
            ValueOffset = _set.Bytes.Length - value.Length,
            ValueKeyBytes = value.KeyBytes,
        };
        _greeting = Made(static buffer => new Hello
        {
            VersionMin = Hello.VersionOldest,
            VersionMax = Hello.VersionNewest,
            FrameBytesMax = Limits.FrameBytesMax,
            ClientName = "kvs-bench",
        }.Write(buffer, 0)).Bytes;
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Greeting => _greeting;

    /// <inheritdoc/>
    public int ReadGreeting(ReadOnlySpan<byte> received) => ReadFrame(received, Opcode.Hello, id: 0, out _);

    /// <inheritdoc/>
    public RequestTemplate Template(RequestKind kind) => kind switch
    {
        RequestKind.Set => _set,
        RequestKind.Get => _get,
        _ => _ping,
    };

    /// <inheritdoc/>
    public int ReadReply(ReadOnlySpan<byte> received, in PendingRequest request, ReadOnlySpan<byte> key)
    {
        var opcode = request.Kind switch
        {
            RequestKind.Set => Opcode.Set,
            RequestKind.Get => Opcode.Get,
            _ => Opcode.Ping,
        };
        var length = ReadFrame(received, opcode, request.Id, out var body);
        if (length > 0 && request.Kind == RequestKind.Get && !_value.IsOf(ValueIn(body), key))
        {
            throw new LoadFaultException($"A get was answered with another value: {Convert.ToHexString(body)}.");
        }

        if (length > 0 && request.Kind == RequestKind.Set && body.Length <= VersionBytes)
        {
            throw new LoadFaultException($"A set was answered with too little: {Convert.ToHexString(body)}.");
        }

        return length;
    }

    private static int ReadFrame(ReadOnlySpan<byte> received, Opcode opcode, uint id, out ReadOnlySpan<byte> body)
    {
        body = default;
        if (received.Length < FrameLayout.HeaderBytes + CodeBytes)
        {
            return 0;
        }

        var length = FrameLayout.LengthBytes + (int)BinaryPrimitives.ReadUInt32LittleEndian(received);
        var isExpected = received[FrameLayout.OpcodeOffset] == ((byte)opcode | Opcodes.ResponseBit)
            && received[FrameLayout.FlagsOffset] == 0
            && BinaryPrimitives.ReadUInt32LittleEndian(received[FrameLayout.RequestIdOffset..]) == id
            && BinaryPrimitives.ReadUInt16LittleEndian(received[FrameLayout.HeaderBytes..]) == 0;
        if (!isExpected)
        {
            var shown = received[..Math.Min(received.Length, 80)];
            throw new LoadFaultException($"A reply is not the one that {opcode} {id} expects: {Convert.ToHexString(shown)}.");
        }

        if (received.Length < length)
        {
            return 0;
        }

        body = received[(FrameLayout.HeaderBytes + CodeBytes)..length];
        return length;
    }

    private static ReadOnlySpan<byte> ValueIn(ReadOnlySpan<byte> result)
    {
        var flags = result[0];
        if ((flags & (WasThere | HasValue)) != (WasThere | HasValue))
        {
            return default;
        }

        var offset = 1
            + ((flags & HasVersion) != 0 ? VersionBytes : 0)
            + ((flags & HasExpiry) != 0 ? sizeof(long) : 0)
            + ((flags & HasNumber) != 0 ? sizeof(long) : 0);
        var length = (int)BinaryPrimitives.ReadUInt32LittleEndian(result[offset..]);
        return result.Slice(offset + sizeof(uint), length);
    }

    private static RequestTemplate Made(Action<FrameBuffer> write)
    {
        var buffer = new FrameBuffer();
        write(buffer);
        return new RequestTemplate { Bytes = buffer.Written.ToArray(), IdOffset = FrameLayout.RequestIdOffset };
    }
}
