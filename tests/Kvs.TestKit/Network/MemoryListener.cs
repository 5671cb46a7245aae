using System.Threading.Channels;
using Kvs.Core.Platform;

namespace Kvs.TestKit.Network;

/// <summary>A listener of <see cref="MemoryTransport"/>.</summary>
/// <param name="port">The port.</param>
/// <param name="closed">Told when it stops listening.</param>
internal sealed class MemoryListener(int port, Action closed) : IListener
{
    private readonly Channel<IConnection> _waiting = Channel.CreateUnbounded<IConnection>();

    /// <inheritdoc/>
    public int Port => port;

    /// <inheritdoc/>
    public async ValueTask<IConnection> AcceptAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _waiting.Reader.ReadAsync(cancellationToken);
        }
        catch (ChannelClosedException failure)
        {
            throw new IOException("The listener was closed", failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        closed();
        _waiting.Writer.TryComplete();
    }

    /// <summary>Hands over the server's side of a new connection.</summary>
    /// <param name="connection">The connection.</param>
    internal bool TryOffer(IConnection connection) => _waiting.Writer.TryWrite(connection);
}
