using Kvs.Core.Client;
using Kvs.Core.Client.Connections;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Server.Cluster.Driver;

namespace Kvs.Server.Cluster.Forwarding;

/// <summary>
/// This node's connection to the primary as a client of it: for writes that clients gave to this node, and for the
/// positions that reads wait for. Made when it is needed, made anew when it broke or another node leads; what waits on the
/// old one then gets a moment more.
/// Threading: any thread. Ownership: of the connection.
/// </summary>
/// <param name="transport">The network.</param>
/// <param name="machine">Clock and randomness.</param>
/// <param name="status">How the node stands.</param>
internal sealed class PrimaryConnection(ITransport transport, KvsEnvironment machine, Func<NodeStatus> status) : IAsyncDisposable
{
    private static readonly TimeSpan _connectTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _grace = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _making = new(1);
    private readonly ulong _clientId = (ulong)machine.Random.NextInt64(1, long.MaxValue);
    private readonly CancellationTokenSource _stopping = new();
    private Task _ending = Task.CompletedTask; // under _making
    private Open? _open; // published: Volatile; made under _making

    /// <summary>The connection.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="KvsException">No primary is known, or it cannot be reached.</exception>
    internal async ValueTask<KvsConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var now = status();
        if (now.Leads || !KvsAddress.TryParse(now.PrimaryAddress, out var address))
        {
            throw new KvsNotPrimaryException("This node is not the primary and knows of none yet. Retry shortly.");
        }

        if (Volatile.Read(ref _open) is { } open && open.Serves(address))
        {
            return open.Connection;
        }

        await _making.WaitAsync(cancellationToken);
        try
        {
            if (_open is { } made && made.Serves(address))
            {
                return made.Connection;
            }

            if (_open is { } old)
            {
                Volatile.Write(ref _open, null);
                LetEnd(old.Connection);
            }

            var connection = await KvsConnection.ConnectAsync(SettingsFor(address, now.Self), cancellationToken);
            Volatile.Write(ref _open, new Open(connection, address));
            return connection;
        }
        finally
        {
            _making.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _open, null) is { } open)
        {
            await open.Connection.DisposeAsync();
        }

        await _stopping.CancelAsync();
        await _ending;
        _stopping.Dispose();
        _making.Dispose();
    }

    // Under _making. An old primary that hands over answers what it held back; one that is gone is not waited for long.
    private void LetEnd(KvsConnection old)
    {
        old.Retire();
        _ending = Task.WhenAll(_ending, EndAsync(old));
    }

    private async Task EndAsync(KvsConnection old)
    {
        await Task.Delay(_grace, machine.Time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await old.DisposeAsync();
    }

    private ConnectionSettings SettingsFor(KvsAddress address, string self) => new()
    {
        Transport = transport,
        Address = address,
        Time = machine.Time,
        ClientId = _clientId,
        ClientName = $"kvs-server {self}",
        ConnectTimeout = _connectTimeout,
        RequestTimeout = Timeout.InfiniteTimeSpan,
        KeepAlive = TimeSpan.FromSeconds(1),
        Positions = new PositionMark(),
    };

    private sealed record Open(KvsConnection Connection, KvsAddress Address)
    {
        internal bool Serves(KvsAddress primary) => Connection.IsUsable && Address == primary;
    }
}
