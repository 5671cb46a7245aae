namespace Kvs.Core.Platform.Tls;

/// <summary>
/// Any network within TLS 1.2 or 1.3: who dials verifies the name and the authority of who listens; who listens may ask for
/// a certificate too. Threading: any thread.
/// </summary>
/// <param name="inner">The network.</param>
/// <param name="source">This side's certificates.</param>
/// <param name="clients">Whether those who dial are asked for a certificate.</param>
internal sealed class TlsTransport(ITransport inner, TlsSource source, TlsClients clients = TlsClients.None) : ITransport
{
    /// <summary>Told who is not let in for his certificate, and why.</summary>
    internal Action<string, string> Refused { get; init; } = static (_, _) => { };

    /// <inheritdoc/>
    public async ValueTask<IConnection> ConnectAsync(string host, int port, CancellationToken cancellationToken)
    {
        var connection = await inner.ConnectAsync(host, port, cancellationToken).ConfigureAwait(false);
        return await TlsConnection.DialAsync(connection, source, host, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public IListener Listen(string host, int port) => new Listener(inner.Listen(host, port), source, clients, Refused);

    private sealed class Listener(
        IListener inner, TlsSource source, TlsClients clients, Action<string, string> refused) : IListener
    {
        public int Port => inner.Port;

        public async ValueTask<IConnection> AcceptAsync(CancellationToken cancellationToken) =>
            TlsConnection.OfServer(await inner.AcceptAsync(cancellationToken).ConfigureAwait(false), source, clients, refused);

        public void Dispose() => inner.Dispose();
    }
}
