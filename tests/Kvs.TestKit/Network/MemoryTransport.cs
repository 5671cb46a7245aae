using System.Collections.Concurrent;
using Kvs.Core.Platform;

namespace Kvs.TestKit.Network;

/// <summary>
/// A network in memory: who listens on a port is reached by that port, whatever the host. Connecting where nobody listens
/// fails like a refused connection. Threading: any thread.
/// </summary>
/// <param name="isInline">
/// Whether who sends runs what the receiver goes on with, as one socket thread with inline completions does for all its
/// connections.
/// </param>
internal sealed class MemoryTransport(bool isInline = false) : ITransport
{
    private readonly ConcurrentDictionary<int, MemoryListener> _listeners = new();
    private int _lastPort = 50_000; // Interlocked

    /// <inheritdoc/>
    public ValueTask<IConnection> ConnectAsync(string host, int port, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!_listeners.TryGetValue(port, out var listener))
        {
            throw new IOException("Connection refused");
        }

        var (client, server) = MemoryConnection.Pair(isInline);
        return listener.TryOffer(server)
            ? ValueTask.FromResult<IConnection>(client)
            : throw new IOException("Connection refused");
    }

    /// <inheritdoc/>
    public IListener Listen(string host, int port)
    {
        var chosen = port == 0 ? Interlocked.Increment(ref _lastPort) : port;
        var listener = new MemoryListener(chosen, () => _listeners.TryRemove(chosen, out _));
        return _listeners.TryAdd(chosen, listener) ? listener : throw new IOException("Address already in use");
    }
}
