using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Cluster;
using Kvs.Core.Protocol.Cluster.Messages;
using Xunit;

namespace Kvs.Core.Tests.Protocol.Cluster;

/// <summary>Steps that the tests of this folder share.</summary>
internal static class Links
{
    internal static byte[] Encode(ClusterMessage message)
    {
        var buffer = new FrameBuffer();
        LinkEncoder.Write(buffer, message);
        return buffer.Written.ToArray();
    }

    /// <summary>Reads the only frame of the bytes; null when it is to be skipped.</summary>
    internal static ClusterMessage? Decode(byte[] bytes)
    {
        var status = LinkFrameDecoder.TryRead(bytes, out var frame, out var fault);
        Assert.True(status == FrameStatus.Ready, fault.Text);
        Assert.Equal(bytes.Length, frame.Length);
        Assert.True(LinkDecoder.TryRead(in frame, out var message, out fault), fault.Text);
        return message;
    }

    /// <summary>The fault for which bytes are refused, by header or body.</summary>
    internal static DecodeFault FaultOf(byte[] bytes)
    {
        if (LinkFrameDecoder.TryRead(bytes, out var frame, out var fault) == FrameStatus.Ready)
        {
            Assert.False(LinkDecoder.TryRead(in frame, out var message, out fault));
            Assert.Null(message);
        }

        Assert.True(fault.ClosesConnection);
        Assert.NotEmpty(fault.Text);
        return fault;
    }
}
