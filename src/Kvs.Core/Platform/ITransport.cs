namespace Kvs.Core.Platform;

/// <summary>
/// The seam to the network: byte streams between a client and a door. The real one is <see cref="SocketTransport"/>;
/// tests connect both sides in memory. Failures are <see cref="IOException"/>. Threading: any thread.
/// </summary>
internal interface ITransport
{
    /// <summary>Connects. Names are resolved anew at each call.</summary>
    /// <param name="host">A name, or an IPv4 or IPv6 literal without brackets.</param>
    /// <param name="port">The port.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The connection. Ownership: the caller disposes it.</returns>
    ValueTask<IConnection> ConnectAsync(string host, int port, CancellationToken cancellationToken);

    /// <summary>Listens; connections wait from when this returns.</summary>
    /// <param name="host">A name, or an IPv4 or IPv6 literal without brackets.</param>
    /// <param name="port">The port; 0 for any that is free.</param>
    /// <returns>The listener. Ownership: the caller disposes it.</returns>
    /// <exception cref="IOException">The address is in use or not of this machine.</exception>
    IListener Listen(string host, int port);
}
