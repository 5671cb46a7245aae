using System.Buffers.Binary;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;

namespace Kvs.Bench.Overload;

/// <summary>The binary protocol (docs/protocol.md).</summary>
internal sealed class TcpWire() : DoorWire("tcp")
{
    /// <inheritdoc/>
    internal override byte[] Opening { get; } = NewOpening();

    /// <inheritdoc/>
    internal override byte[] Again { get; } = NewPing();

    /// <inheritdoc/>
    internal override byte[] Set(byte[] key, byte[] value)
    {
        var frame = new FrameBuffer();
        var fields = default(RequestFields);
        var operation = Operation.Set(key, value, null);
        RequestEncoder.WriteOperation(frame, 1, in fields, in operation);
        return frame.Written.ToArray();
    }

    /// <inheritdoc/>
    internal override int Read(ReadOnlySpan<byte> received, ref AnswerCount answers)
    {
        var at = 0;
        while (received.Length - at >= FrameLayout.LengthBytes)
        {
            var length = FrameLayout.LengthBytes + BinaryPrimitives.ReadInt32LittleEndian(received[at..]);
            if (received.Length - at < length)
            {
                break;
            }

            Check.That(FrameDecoder.TryRead(received.Slice(at, length).ToArray(), Limits.FrameBytesMax, out var frame, out _) == FrameStatus.Ready);
            Count(in frame, ref answers);
            at += length;
        }

        return at;
    }

    private static void Count(in Frame frame, ref AnswerCount answers)
    {
        if (frame.Opcode == Opcode.Error || !ResponseCode(in frame, out var code))
        {
            throw new InvalidOperationException("The server closes the connection.");
        }

        switch (code)
        {
            case ErrorCode.None:
                answers.Done++;
                break;
            case ErrorCode.Overloaded or ErrorCode.DeadlineExceeded:
                answers.Refused++;
                break;
            default:
                throw new InvalidOperationException($"The server answers {code}.");
        }
    }

    private static bool ResponseCode(in Frame frame, out ErrorCode code) =>
        Core.Protocol.Responses.ResponseDecoder.TryReadCode(in frame, out code, out _);

    private static byte[] NewPing()
    {
        var frame = new FrameBuffer();
        var fields = default(RequestFields);
        RequestEncoder.WriteEmpty(frame, Opcode.Ping, 2, in fields);
        return frame.Written.ToArray();
    }

    private static byte[] NewOpening()
    {
        var frames = new FrameBuffer();
        new Hello { VersionMin = 1, VersionMax = 1, ClientId = 7, ClientName = "bench" }.Write(frames, 1);
        return frames.Written.ToArray();
    }
}
