using System.Buffers.Binary;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Cluster;
using Kvs.Core.Tests.Protocol.Cluster;
using Kvs.TestKit.Fuzz;
using Xunit;

namespace Kvs.Core.Tests.Fuzz;

/// <summary>Whatever another node sends: messages or refusals, and what is accepted encodes to what was meant.</summary>
internal static class LinkTarget
{
    /// <summary>Frames between nodes.</summary>
    internal static FuzzTarget Frames { get; } = new("links", [.. LinkExamples.All.Values.Select(Links.Encode)], Repair, Read);

    private static byte[] Repair(byte[] bytes)
    {
        if (bytes.Length >= LinkLayout.HeaderBytes)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes, bytes.Length - LinkLayout.LengthBytes);
            bytes[LinkLayout.OpcodeOffset] = (byte)(LinkLayout.OpcodeMin | (bytes[LinkLayout.OpcodeOffset] & 0x1F));
            bytes[LinkLayout.VersionOffset] = LinkLayout.Version;
            bytes.AsSpan(LinkLayout.FlagsOffset, LinkLayout.EpochOffset - LinkLayout.FlagsOffset).Clear();
        }

        return bytes;
    }

    private static bool Read(byte[] bytes)
    {
        var status = LinkFrameDecoder.TryRead(bytes, out var frame, out var fault);
        Assert.Equal(status == FrameStatus.Refused, fault.ClosesConnection);
        if (status != FrameStatus.Ready)
        {
            return false;
        }

        if (!LinkDecoder.TryRead(in frame, out var message, out fault))
        {
            Assert.True(fault.ClosesConnection);
            return false;
        }

        if (message is null)
        {
            return false;
        }

        // What was accepted has one meaning: encoded and decoded again, it is the same.
        var meant = Links.Encode(message);
        Assert.Equal(meant, Links.Encode(Links.Decode(meant)!));
        return true;
    }
}
