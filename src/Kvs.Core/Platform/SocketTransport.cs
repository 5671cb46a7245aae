using System.Net;
using System.Net.Sockets;

namespace Kvs.Core.Platform;

/// <summary>
/// TCP. Nagle's delay is off: both sides gather what belongs together themselves. Whether completions run inline on the
/// socket thread is a switch of the process, which the server's program sets before its first socket.
/// </summary>
internal sealed class SocketTransport : ITransport
{
    /// <summary>Connections that wait to be accepted; more are refused by the operating system.</summary>
    private const int BacklogMax = 512;

    /// <inheritdoc/>
    public ValueTask<IConnection> ConnectAsync(string host, int port, CancellationToken cancellationToken) =>
        // A literal needs no resolver, which takes longer to load than a connection takes to make.
        IPAddress.TryParse(host, out var literal)
            ? ConnectToFirstAsync([literal], port, cancellationToken)
            : ResolveAndConnectAsync(host, port, cancellationToken);

    /// <inheritdoc/>
    public IListener Listen(string host, int port)
    {
        try
        {
            // The resolver refuses the literals that mean all interfaces: nobody can connect to them.
            var address = IPAddress.TryParse(host, out var literal) ? literal : Dns.GetHostAddresses(host)[0];
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                // The runtime sets address re-use by itself when it binds on Unix; on Windows it would let two servers share.
                socket.Bind(new IPEndPoint(address, port));
                socket.Listen(BacklogMax);
                return new SocketListener(socket);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
        catch (SocketException failure)
        {
            throw new IOException(failure.Message, failure);
        }
    }

    private static async ValueTask<IConnection> ResolveAndConnectAsync(string host, int port, CancellationToken cancellationToken)
    {
        IPAddress[] addresses;
        try
        {
            addresses = await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException failure)
        {
            throw new IOException(failure.Message, failure);
        }

        return await ConnectToFirstAsync(addresses, port, cancellationToken).ConfigureAwait(false);
    }

    private static async ValueTask<IConnection> ConnectToFirstAsync(IPAddress[] addresses, int port, CancellationToken cancellationToken)
    {
        SocketException? first = null;
        foreach (var address in addresses)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, port), cancellationToken).ConfigureAwait(false);
                return new SocketConnection(socket);
            }
            catch (SocketException failure)
            {
                socket.Dispose();
                first ??= failure;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        first ??= new SocketException((int)SocketError.HostNotFound);
        throw new IOException(first.Message, first);
    }
}
