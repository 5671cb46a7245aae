using Kvs.Server.Cluster.Etcd.Grpc;

namespace Kvs.Server.Cluster.Etcd;

/// <summary>
/// The members of etcd in the order in which they are tried. Who fails goes to the end, so a paused member costs one call
/// its time, and comes up again only after all others have failed. Threading: any thread. Ownership: of the endpoints.
/// </summary>
internal sealed class EtcdEndpoints : IDisposable
{
    private static readonly TimeSpan _pauseMin = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan _pauseMax = TimeSpan.FromMilliseconds(150);

    private readonly Lock _gate = new();
    private readonly Random _random; // guarded by _gate
    private GrpcEndpoint[] _order; // replaced under _gate, published: Volatile

    /// <summary>Creates them; nothing is connected yet.</summary>
    /// <param name="options">Where they are.</param>
    internal EtcdEndpoints(EtcdOptions options)
    {
        var how = new GrpcEndpointOptions
        {
            Time = options.Time,
            ConnectTimeout = options.ConnectTimeout,
            MessageBytesMax = options.MessageBytesMax,
            Tls = options.Tls?.Load(),
        };
        _random = options.Random;
        _order = [.. options.Addresses.Select(address => new GrpcEndpoint(address, how))];
        _random.Shuffle(_order);
    }

    /// <summary>The one to try first now.</summary>
    internal GrpcEndpoint Current => InOrder[0];

    /// <summary>All of them, the one to try first at the front.</summary>
    internal IReadOnlyList<GrpcEndpoint> InOrder => Volatile.Read(ref _order);

    /// <summary>Puts one that failed behind all others.</summary>
    /// <param name="failed">The one.</param>
    internal void Demote(GrpcEndpoint failed)
    {
        lock (_gate)
        {
            Volatile.Write(ref _order, [.. _order.Where(endpoint => endpoint != failed), failed]);
        }
    }

    /// <summary>How long to pause before the next attempt: not at all until each endpoint has had its turn.</summary>
    /// <param name="failures">Attempts that failed since the last that did not.</param>
    internal TimeSpan PauseAfter(int failures)
    {
        lock (_gate)
        {
            return failures < _order.Length
                ? TimeSpan.Zero
                : _pauseMin + ((_pauseMax - _pauseMin) * _random.NextDouble());
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var endpoint in InOrder)
        {
            endpoint.Dispose();
        }
    }
}
