using System.Net;
using System.Net.Sockets;

namespace Kvs.Core.Platform;

/// <summary>A listening TCP socket. Ownership: of the socket.</summary>
/// <param name="socket">The socket, bound and listening.</param>
internal sealed class SocketListener(Socket socket) : IListener
{
    /// <inheritdoc/>
    public int Port { get; } = ((IPEndPoint)socket.LocalEndPoint!).Port;

    /// <inheritdoc/>
    public async ValueTask<IConnection> AcceptAsync(CancellationToken cancellationToken)
    {
        try
        {
            var accepted = await socket.AcceptAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                accepted.NoDelay = true;
                return new SocketConnection(accepted);
            }
            catch
            {
                accepted.Dispose();
                throw;
            }
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            throw new IOException(failure.Message, failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();
}
