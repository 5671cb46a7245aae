namespace Kvs.Cluster.Tests.Processes.Network;

/// <summary>
/// What the roads between nodes, from clients to nodes and from nodes to etcd do to bytes: one road for each ordered pair of names, so that a
/// cut can go one way. A cut road holds bytes and closes back, as a network does that drops packets; when it is mended,
/// they come after all. Threading: any thread.
/// </summary>
internal sealed class FaultNet : IRoads
{
    /// <summary>The name of whoever is no node.</summary>
    internal const string Client = "client";

    /// <summary>The name of the control plane.</summary>
    internal const string Etcd = "etcd";

    private readonly Lock _gate = new();
    private readonly Dictionary<(string From, string To), Road> _roads = []; // guarded by _gate
    private readonly HashSet<ProxiedConnection> _connections = []; // guarded by _gate

    /// <summary>Holds back all bytes in one direction.</summary>
    /// <param name="from">From whom.</param>
    /// <param name="to">To whom.</param>
    public void CutOneWay(string from, string to) => Change(from, to, static road => road with { Mended = road.Mended ?? NewSignal() });

    /// <summary>Lets bytes arrive later in one direction.</summary>
    /// <param name="from">From whom.</param>
    /// <param name="to">To whom.</param>
    /// <param name="by">How much later each piece.</param>
    internal void Delay(string from, string to, TimeSpan by) => Change(from, to, road => road with { Delay = by });

    /// <summary>Lets some bytes more through in one direction, then resets the connection that the next ones came on.</summary>
    /// <param name="from">From whom.</param>
    /// <param name="to">To whom.</param>
    /// <param name="bytes">How many bytes.</param>
    internal void Truncate(string from, string to, int bytes) => Change(from, to, road => road with { BytesLeft = bytes });

    /// <summary>Resets all connections between two.</summary>
    /// <param name="one">The one.</param>
    /// <param name="other">The other.</param>
    /// <returns>How many there were.</returns>
    internal int Reset(string one, string other)
    {
        ProxiedConnection[] hit;
        lock (_gate)
        {
            hit = [.. _connections.Where(connection =>
                (connection.From == one && connection.To == other) || (connection.From == other && connection.To == one))];
        }

        foreach (var connection in hit)
        {
            connection.Reset();
        }

        return hit.Length;
    }

    /// <summary>Mends all roads.</summary>
    public void Mend()
    {
        lock (_gate)
        {
            foreach (var road in _roads.Values)
            {
                road.Mended?.SetResult();
            }

            _roads.Clear();
        }
    }

    /// <summary>A connection begins.</summary>
    /// <param name="connection">The connection.</param>
    internal void Add(ProxiedConnection connection)
    {
        lock (_gate)
        {
            _connections.Add(connection);
        }
    }

    /// <summary>A connection has ended.</summary>
    /// <param name="connection">The connection.</param>
    internal void Remove(ProxiedConnection connection)
    {
        lock (_gate)
        {
            _connections.Remove(connection);
        }
    }

    /// <summary>Waits until bytes may arrive.</summary>
    /// <param name="from">From whom.</param>
    /// <param name="to">To whom.</param>
    /// <param name="bytes">How many; 0 for the end of the stream.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How many may arrive; the connection is reset behind fewer.</returns>
    internal async Task<int> PassAsync(string from, string to, int bytes, CancellationToken cancellationToken)
    {
        while (true)
        {
            Road road;
            lock (_gate)
            {
                road = _roads.GetValueOrDefault((from, to), Road.Open);
                if (road is { Mended: null, BytesLeft: { } left } && bytes > 0)
                {
                    _roads[(from, to)] = road with { BytesLeft = left > bytes ? left - bytes : null };
                    return Math.Min(bytes, left);
                }
            }

            if (road.Delay > TimeSpan.Zero)
            {
                await Task.Delay(road.Delay, TimeProvider.System, cancellationToken);
            }

            if (road.Mended is null)
            {
                return bytes;
            }

            await road.Mended.Task.WaitAsync(cancellationToken);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Change(string from, string to, Func<Road, Road> change)
    {
        lock (_gate)
        {
            _roads[(from, to)] = change(_roads.GetValueOrDefault((from, to), Road.Open));
        }
    }

    /// <summary>One road.</summary>
    private sealed record Road
    {
        internal static Road Open { get; } = new();

        // Set while it is cut.
        internal TaskCompletionSource? Mended { get; init; }

        internal TimeSpan Delay { get; init; }

        // Bytes until the reset; null for no reset.
        internal int? BytesLeft { get; init; }
    }
}
