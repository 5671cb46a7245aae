using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace Kvs.Server.Tests.Access.Guard;

/// <summary>
/// A connection on which a test sends whatever bytes it wants, plain or within TLS, and hears whatever comes. Every wait ends
/// after a deadline. Threading: one thread at a time.
/// </summary>
internal sealed class RawClient : IDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(30);

    private readonly Socket _socket;
    private readonly Stream _stream;

    private RawClient(Socket socket, Stream stream)
    {
        (_socket, _stream) = (socket, stream);
        Local = $"{socket.LocalEndPoint}";
    }

    /// <summary>Its own address, as the server's log has it.</summary>
    internal string Local { get; }

    /// <summary>Whether the server broke the connection instead of closing it: what it had said may be lost then.</summary>
    internal bool WasReset { get; private set; }

    /// <summary>Connects, and shakes hands where that is asked for.</summary>
    internal static async Task<RawClient> ConnectAsync(string address, SslClientAuthenticationOptions? tls = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var timeout = new CancellationTokenSource(_deadline);
        await socket.ConnectAsync(IPEndPoint.Parse(address), timeout.Token);
        var plain = new NetworkStream(socket, ownsSocket: true);
        if (tls is null)
        {
            return new RawClient(socket, plain);
        }

        var secured = new SslStream(plain);
        await secured.AuthenticateAsClientAsync(tls, timeout.Token);
        return new RawClient(socket, secured);
    }

    /// <summary>Sends bytes; that the server is gone is no failure: what it said last tells.</summary>
    internal async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        using var timeout = new CancellationTokenSource(_deadline);
        try
        {
            await _stream.WriteAsync(bytes, timeout.Token);
            await _stream.FlushAsync(timeout.Token);
        }
        catch (IOException)
        {
            WasReset = true;
        }
    }

    /// <summary>Says that nothing more will be sent.</summary>
    internal async Task FinishSendingAsync()
    {
        try
        {
            await (_stream is SslStream secured ? secured.ShutdownAsync() : Task.CompletedTask);
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception gone) when (gone is IOException or SocketException)
        {
            WasReset = true;
        }
    }

    /// <summary>What there is; nothing at the end.</summary>
    internal async Task<byte[]> ReadAsync()
    {
        using var timeout = new CancellationTokenSource(_deadline);
        var bytes = new byte[64 * 1024];
        try
        {
            return bytes[..await _stream.ReadAsync(bytes, timeout.Token)];
        }
        catch (IOException)
        {
            WasReset = true;
            return [];
        }
    }

    /// <summary>All that comes until the server closes.</summary>
    internal async Task<byte[]> ReadToEndAsync()
    {
        using var all = new MemoryStream();
        while (await ReadAsync() is { Length: > 0 } part)
        {
            all.Write(part);
        }

        return all.ToArray();
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();
}
