using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Kvs.Core.Platform;

/// <summary>A connected TCP socket. Ownership: of the socket.</summary>
/// <param name="socket">The socket, connected.</param>
internal sealed class SocketConnection(Socket socket) : IConnection
{
    // Asked for at once, since a closed socket does not know it any more; made a text only for those who read it.
    private readonly EndPoint? _remote = socket.RemoteEndPoint;

    /// <inheritdoc/>
    public string RemoteAddress => _remote?.ToString() ?? "unknown";

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            if (buffer.IsEmpty)
            {
                // An event that was on its way ends such a wait although there is nothing any more.
                do
                {
                    await socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken).ConfigureAwait(false);
                }
                while (!socket.Poll(TimeSpan.Zero, SelectMode.SelectRead));

                return 0;
            }

            return await socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            throw new IOException(failure.Message, failure);
        }
    }

    /// <inheritdoc/>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            while (bytes.Length > 0)
            {
                var sent = await socket.SendAsync(bytes, SocketFlags.None, cancellationToken).ConfigureAwait(false);
                bytes = bytes[sent..];
            }
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            throw new IOException(failure.Message, failure);
        }
    }

    /// <inheritdoc/>
    public void FinishSending() => Shutdown(SocketShutdown.Send);

    /// <inheritdoc/>
    public void Finish() => Shutdown(SocketShutdown.Both);

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();

    private void Shutdown(SocketShutdown directions)
    {
        try
        {
            socket.Shutdown(directions);
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // The other side is gone, or this one was closed meanwhile: the next receive says so.
        }
    }
}
