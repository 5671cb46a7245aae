using System.Globalization;
using System.Text;

namespace Kvs.Bench.Overload;

/// <summary>HTTP/1.1 on a connection that stays.</summary>
internal sealed class HttpWire() : DoorWire("http")
{
    /// <inheritdoc/>
    internal override byte[] Opening { get; } = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray();

    /// <inheritdoc/>
    internal override byte[] Again => Opening;

    /// <inheritdoc/>
    internal override byte[] Set(byte[] key, byte[] value) =>
    [
        .. Encoding.ASCII.GetBytes(
            $"PUT /v1/kv/{Encoding.ASCII.GetString(key)} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {value.Length}\r\n\r\n"),
        .. value,
    ];

    /// <inheritdoc/>
    internal override int Read(ReadOnlySpan<byte> received, ref AnswerCount answers)
    {
        var at = 0;
        for (int end; (end = received[at..].IndexOf("\r\n\r\n"u8)) >= 0;)
        {
            var head = Encoding.ASCII.GetString(received.Slice(at, end));
            var length = BodyBytes(received[(at + end + 4)..], head);
            if (length < 0)
            {
                break;
            }

            var status = head.Split(' ', 3)[1];
            answers.Done += status.StartsWith('2') ? 1 : 0;
            answers.Refused += status is "429" or "503" ? 1 : 0;
            if (status[0] != '2' && status is not ("429" or "503"))
            {
                throw new InvalidOperationException($"The server answers {head}");
            }

            at += end + 4 + length;
        }

        return at;
    }

    // -1: not whole yet.
    private static int BodyBytes(ReadOnlySpan<byte> body, string head)
    {
        if (head.Contains("Transfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase))
        {
            var end = body.IndexOf("0\r\n\r\n"u8);
            return end < 0 ? -1 : end + 5;
        }

        var line = head.Split("\r\n").FirstOrDefault(static line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        var length = line is null ? 0 : int.Parse(line.AsSpan("Content-Length:".Length), CultureInfo.InvariantCulture);
        return body.Length < length ? -1 : length;
    }
}
