using System.Buffers.Binary;
using Kvs.Core.Protocol;
using Kvs.Core.Tests.Protocol;
using Kvs.TestKit.Fuzz;
using Xunit;

namespace Kvs.Core.Tests.Fuzz;

/// <summary>Whatever a peer sends: frames or refusals, and what is accepted encodes to what was meant.</summary>
internal static class FrameTarget
{
    private const int FrameBytesMax = 1 << 16;

    /// <summary>Frames, requests and responses.</summary>
    internal static FuzzTarget Frames { get; } = new("frames", [.. ProtocolExamples.All.Values.Select(Encode)], Repair, Read);

    private static byte[] Repair(byte[] bytes)
    {
        if (bytes.Length >= FrameLayout.HeaderBytes)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes, bytes.Length - FrameLayout.LengthBytes);
            bytes[FrameLayout.FlagsOffset] &= 3;
            bytes[FrameLayout.ReservedOffset] = bytes[FrameLayout.ReservedOffset + 1] = 0;
        }

        return bytes;
    }

    private static bool Read(byte[] bytes)
    {
        if (FrameDecoder.TryRead(bytes, FrameBytesMax, out var frame, out var fault) != FrameStatus.Ready)
        {
            Assert.True(frame.Length <= FrameBytesMax);
            Assert.True(fault == default || fault.ClosesConnection);
            return false;
        }

        var buffer = new FrameBuffer();
        var isRequest = Reencoder.TryRequest(in frame, buffer);
        if (!isRequest && !Reencoder.TryResponse(in frame, buffer))
        {
            return false;
        }

        // What was accepted has one meaning: encoded and decoded again, it is the same.
        var again = new FrameBuffer();
        var meant = Wire.Only(buffer);
        Assert.True(isRequest ? Reencoder.TryRequest(in meant, again) : Reencoder.TryResponse(in meant, again));
        Assert.Equal(buffer.Written.ToArray(), again.Written.ToArray());
        return true;
    }

    private static byte[] Encode(Action<FrameBuffer> write)
    {
        var buffer = new FrameBuffer();
        write(buffer);
        return buffer.Written.ToArray();
    }
}
