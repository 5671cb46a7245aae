using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Kvs.Server.Tests.Doors.Resp;

/// <summary>
/// A Redis client that sends the bytes that a test wants and gives replies back as they came, over a real socket. Every
/// wait ends after a deadline. Threading: one thread at a time.
/// </summary>
internal sealed class RespWire : IDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(30);

    private readonly Stream _stream;
    private byte[] _received = new byte[4096];
    private int _start;
    private int _end;

    private RespWire(Stream stream) => _stream = stream;

    internal static Task<RespWire> ConnectAsync(int port) => ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));

    internal static async Task<RespWire> ConnectAsync(EndPoint place, SslClientAuthenticationOptions? tls = null)
    {
        var socket = place is IPEndPoint
            ? new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }
            : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using var timeout = new CancellationTokenSource(_deadline);
        await socket.ConnectAsync(place, timeout.Token);
        var plain = new NetworkStream(socket, ownsSocket: true);
        if (tls is null)
        {
            return new RespWire(plain);
        }

        var secured = new SslStream(plain);
        await secured.AuthenticateAsClientAsync(tls, timeout.Token);
        return new RespWire(secured);
    }

    /// <summary>Words as a client sends them; each byte of a word is a character up to 255.</summary>
    internal static byte[] Command(params string[] words) => Encoding.Latin1.GetBytes(
        $"*{words.Length}\r\n{string.Concat(words.Select(word => $"${word.Length}\r\n{word}\r\n"))}");

    internal async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        using var timeout = new CancellationTokenSource(_deadline);
        await _stream.WriteAsync(bytes, timeout.Token);
    }

    /// <summary>Sends a command and gives its reply, ends of line shown as |.</summary>
    internal async Task<string> AskAsync(params string[] words)
    {
        await SendAsync(Command(words));
        return await ReplyAsync();
    }

    /// <summary>Sends words with spaces between them.</summary>
    internal Task<string> AskLineAsync(string line) => AskAsync(line.Split(' '));

    /// <summary>The next reply, ends of line shown as |.</summary>
    internal async Task<string> ReplyAsync() =>
        Encoding.Latin1.GetString(await RawReplyAsync() ?? "(closed)"u8.ToArray()).Replace("\r\n", "|", StringComparison.Ordinal);

    /// <summary>The next reply as it came; null when the server has closed the connection.</summary>
    internal async Task<byte[]?> RawReplyAsync()
    {
        using var timeout = new CancellationTokenSource(_deadline);
        while (true)
        {
            var at = _start;
            if (TrySkip(ref at))
            {
                var reply = _received[_start..at];
                _start = at;
                return reply;
            }

            if (_start > 0)
            {
                Buffer.BlockCopy(_received, _start, _received, 0, _end - _start);
                (_start, _end) = (0, _end - _start);
            }

            if (_end == _received.Length)
            {
                Array.Resize(ref _received, 2 * _received.Length);
            }

            int count;
            try
            {
                count = await _stream.ReadAsync(_received.AsMemory(_end), timeout.Token);
            }
            catch (IOException)
            {
                count = 0; // reset: closed too
            }

            if (count == 0)
            {
                return null;
            }

            _end += count;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private bool TrySkip(ref int at)
    {
        var line = _received.AsSpan(at, _end - at).IndexOf("\r\n"u8);
        if (line < 0)
        {
            return false;
        }

        var kind = (char)_received[at];
        var text = Encoding.ASCII.GetString(_received, at + 1, line - 1);
        at += line + 2;
        switch (kind)
        {
            case '$' or '=' when text != "-1":
                at += int.Parse(text) + 2;
                return at <= _end;
            case '*' or '~' or '>' or '%' when text != "-1":
                for (var items = int.Parse(text) * (kind == '%' ? 2 : 1); items > 0; items--)
                {
                    if (!TrySkip(ref at))
                    {
                        return false;
                    }
                }

                return true;
            default:
                return true;
        }
    }
}
