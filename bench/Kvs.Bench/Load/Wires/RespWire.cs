using System.Text;
using Kvs.Bench.Workloads;

namespace Kvs.Bench.Load.Wires;

/// <summary>RESP2, the protocol of Redis, Garnet and our own door for Redis clients.</summary>
internal sealed class RespWire : IWire
{
    private const int TextBytesMax = 120;
    private static readonly byte[] _pong = "+PONG\r\n"u8.ToArray();
    private static readonly byte[] _ok = "+OK\r\n"u8.ToArray();
    private static readonly byte[] _lineEnd = "\r\n"u8.ToArray();
    private static readonly RequestTemplate _ping = new() { Bytes = "*1\r\n$4\r\nPING\r\n"u8.ToArray() };

    private readonly BenchValue _value;
    private readonly byte[] _valueHead;
    private readonly RequestTemplate _set;
    private readonly RequestTemplate _get;

    /// <summary>For values of one length.</summary>
    /// <param name="value">How values look.</param>
    internal RespWire(BenchValue value)
    {
        _value = value;
        _valueHead = Ascii($"${value.Length}\r\n");
        var get = Ascii($"*2\r\n$3\r\nGET\r\n${BenchKeys.Bytes}\r\n");
        _get = new RequestTemplate { Bytes = [.. get, .. new byte[BenchKeys.Bytes], .. _lineEnd], KeyOffset = get.Length };
        var set = Ascii($"*3\r\n$3\r\nSET\r\n${BenchKeys.Bytes}\r\n");
        byte[] key = [.. set, .. new byte[BenchKeys.Bytes], .. _lineEnd, .. _valueHead];
        _set = new RequestTemplate
        {
            Bytes = [.. key, .. value.Bytes, .. _lineEnd],
            KeyOffset = set.Length,
            ValueOffset = key.Length,
            ValueKeyBytes = value.KeyBytes,
        };
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Greeting => _ping.Bytes;

    /// <inheritdoc/>
    public int ReadGreeting(ReadOnlySpan<byte> received) => ReadLine(received, _pong);

    /// <inheritdoc/>
    public RequestTemplate Template(RequestKind kind) => kind switch
    {
        RequestKind.Set => _set,
        RequestKind.Get => _get,
        _ => _ping,
    };

    /// <inheritdoc/>
    public int ReadReply(ReadOnlySpan<byte> received, in PendingRequest request, ReadOnlySpan<byte> key) => request.Kind switch
    {
        RequestKind.Set => ReadLine(received, _ok),
        RequestKind.Get => ReadValue(received, key),
        _ => ReadLine(received, _pong),
    };

    private static int ReadLine(ReadOnlySpan<byte> received, byte[] expected)
    {
        var length = Math.Min(received.Length, expected.Length);
        if (!received[..length].SequenceEqual(expected.AsSpan(0, length)))
        {
            throw Wrong(received);
        }

        return length == expected.Length ? length : 0;
    }

    private int ReadValue(ReadOnlySpan<byte> received, ReadOnlySpan<byte> key)
    {
        var head = ReadLine(received, _valueHead);
        var length = head + _value.Length + _lineEnd.Length;
        if (head == 0 || received.Length < length)
        {
            return 0;
        }

        if (!_value.IsOf(received.Slice(head, _value.Length), key) || !received[..length].EndsWith(_lineEnd))
        {
            throw Wrong(received);
        }

        return length;
    }

    private static LoadFaultException Wrong(ReadOnlySpan<byte> received)
    {
        var text = Encoding.ASCII.GetString(received[..Math.Min(received.Length, TextBytesMax)]);
        return new LoadFaultException($"A reply is not the one that was expected: '{text.ReplaceLineEndings("\\r\\n")}'.");
    }

    private static byte[] Ascii(string text) => Encoding.ASCII.GetBytes(text);
}
