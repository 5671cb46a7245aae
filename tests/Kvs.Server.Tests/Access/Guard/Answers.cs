using System.Buffers.Binary;
using System.Text;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Server.Tests.Doors;

namespace Kvs.Server.Tests.Access.Guard;

/// <summary>What a door has answered, as a word or two that a table can hold.</summary>
internal static class Answers
{
    private const int FrameHeadBytes = 9;
    private const int GoAway = 7;

    /// <summary>Puts it into words.</summary>
    /// <param name="door">The door.</param>
    /// <param name="bytes">All that came.</param>
    internal static string Describe(string door, ReadOnlyMemory<byte> bytes) => bytes.Span switch
    {
        [] => "closed",
        [0x15, 0x03, ..] => "alert",
        _ => door switch
        {
            "tcp" => string.Join(", ", Frames(bytes)),
            "grpc" or "http" when !bytes.Span.StartsWith("HTTP/"u8) => Http2(bytes.Span),
            "resp" => Encoding.Latin1.GetString(bytes.Span).Replace("\r\n", "|", StringComparison.Ordinal),
            _ => Encoding.Latin1.GetString(bytes.Span).Split("\r\n")[0],
        },
    };

    private static IEnumerable<string> Frames(ReadOnlyMemory<byte> bytes)
    {
        while (FrameDecoder.TryRead(bytes, Limits.FrameBytesMax, out var frame, out _) == FrameStatus.Ready)
        {
            yield return frame.Opcode == Opcode.Error ? $"error {WireClient.ErrorOf(frame).Code}" : $"{frame.Opcode}";
            bytes = bytes[frame.Length..];
        }

        if (!bytes.IsEmpty)
        {
            yield return "no frame";
        }
    }

    private static string Http2(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= FrameHeadBytes)
        {
            var length = (bytes[0] << 16) | (bytes[1] << 8) | bytes[2];
            if (bytes[3] == GoAway && bytes.Length >= FrameHeadBytes + 8)
            {
                return $"goaway {BinaryPrimitives.ReadUInt32BigEndian(bytes[(FrameHeadBytes + 4)..])}";
            }

            bytes = bytes[Math.Min(bytes.Length, FrameHeadBytes + length)..];
        }

        return "no goaway";
    }
}
