using System.Text;

namespace Kvs.Bench.Overload;

/// <summary>What Redis clients speak, version 2.</summary>
internal sealed class RespWire() : DoorWire("resp")
{
    /// <inheritdoc/>
    internal override byte[] Opening { get; } = "*1\r\n$4\r\nPING\r\n"u8.ToArray();

    /// <inheritdoc/>
    internal override byte[] Again => Opening;

    /// <inheritdoc/>
    internal override byte[] Set(byte[] key, byte[] value) =>
    [
        .. "*3\r\n$3\r\nSET\r\n"u8, .. Bulk(key), .. Bulk(value),
    ];

    /// <inheritdoc/>
    internal override int Read(ReadOnlySpan<byte> received, ref AnswerCount answers)
    {
        var at = 0;
        for (int end; (end = received[at..].IndexOf((byte)'\n')) >= 0; at += end + 1)
        {
            var line = received.Slice(at, end);
            if (line[0] == '+')
            {
                answers.Done++;
            }
            else if (line.StartsWith("-TRYAGAIN"u8))
            {
                answers.Refused++;
            }
            else
            {
                throw new InvalidOperationException($"The server answers {Encoding.UTF8.GetString(line)}");
            }
        }

        return at;
    }

    private static byte[] Bulk(byte[] bytes) => [.. Encoding.ASCII.GetBytes($"${bytes.Length}\r\n"), .. bytes, .. "\r\n"u8];
}
