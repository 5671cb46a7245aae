using Kvs.Core.Protocol;
using Xunit;

namespace Kvs.Core.Tests.Protocol;

/// <summary>Steps that the tests of this room share.</summary>
internal static class Wire
{
    /// <summary>Reads the only frame of the buffer.</summary>
    internal static Frame Only(FrameBuffer buffer)
    {
        var status = FrameDecoder.TryRead(buffer.Written, int.MaxValue, out var frame, out var fault);
        Assert.True(status == FrameStatus.Ready, fault.Text);
        Assert.Equal(buffer.Length, frame.Length);
        return frame;
    }

    /// <summary>Bytes of a hexadecimal text; spaces do not count.</summary>
    internal static byte[] Hex(string text) => Convert.FromHexString(text.Replace(" ", "", StringComparison.Ordinal));
}
