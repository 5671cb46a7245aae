using Kvs.Core.Client;
using Kvs.Core.Client.Connections;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Server.Cluster.Driver;

namespace Kvs.Server.Cluster.Forwarding;

/// <summary>
/// This node's connection to the primary as a client of it: for writes that clients gave to this node, and for the
/// positions that reads wait for. Made when it is needed, by one attempt for all who wait, and made anew when it broke or
/// another node leads: what waits on the old one then gets a moment more, and who waits for it goes to the new one.
/// Threading: any thread. Ownership: of the connection.
/// </summary>
/// <param name="transport">The network.</param>
/// <param name="machine">Clock and randomness.</param>
/// <param name="status">How the node stands.</param>
internal sealed class PrimaryConnection(ITransport transport, KvsEnvironment machine, Func<NodeStatus> status) : IAsyncDisposable
{
    private static readonly TimeSpan _connectTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _grace = TimeSpan.FromSeconds(2);

    /// <summary>How soon an attempt notices that another node leads.</summary>
    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(50);

    private readonly ulong _clientId = (ulong)machine.Random.NextInt64(1, long.MaxValue);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private Task _ending = Task.CompletedTask; // guarded by _gate
    private Attempt? _attempt; // guarded by _gate
    private Open? _open; // published: Volatile; written under _gate

    /// <summary>The connection.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="KvsException">No primary is known, or it cannot be reached.</exception>
    internal async ValueTask<KvsConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var address = PrimaryAddress() ?? throw new KvsNotPrimaryException(
                "This node is not the primary and knows of none yet. Retry shortly.");
            if (Volatile.Read(ref _open) is { } open && open.Serves(address))
            {
                return open.Connection;
            }

            if (await AttemptAt(address).WaitAsync(cancellationToken) is { } connection)
            {
                return connection;
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await AttemptUnderWay().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Interlocked.Exchange(ref _open, null) is { } open)
        {
            await open.Connection.DisposeAsync();
        }

        await _ending;
        _stopping.Dispose();
    }

    // Null while this node leads, or knows of no primary.
    private KvsAddress? PrimaryAddress() =>
        status() is { Leads: false } now && KvsAddress.TryParse(now.PrimaryAddress, out var address) ? address : null;

    private Task AttemptUnderWay()
    {
        lock (_gate)
        {
            return _attempt?.Connecting ?? Task.CompletedTask;
        }
    }

    private Task<KvsConnection?> AttemptAt(KvsAddress address)
    {
        lock (_gate)
        {
            if (_attempt is not { Connecting.IsCompleted: false } going || going.Address != address)
            {
                if (_open is { } old)
                {
                    if (old.Serves(address))
                    {
                        return Task.FromResult<KvsConnection?>(old.Connection);
                    }

                    LetEnd(old.Connection);
                    Volatile.Write(ref _open, null);
                }

                _attempt = new Attempt(address, Task.Run(() => MakeAsync(address)));
            }

            return _attempt.Connecting;
        }
    }

    // Null when another node leads meanwhile: a primary that is gone without a word is not waited for longer than that.
    private async Task<KvsConnection?> MakeAsync(KvsAddress address)
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        var connecting = KvsConnection.ConnectAsync(SettingsFor(address, status().Self), giveUp.Token);
        while (!connecting.IsCompleted && !giveUp.IsCancellationRequested)
        {
            await Task.WhenAny(connecting, Task.Delay(_look, machine.Time, giveUp.Token));
            if (PrimaryAddress() != address)
            {
                await giveUp.CancelAsync();
            }
        }

        try
        {
            return Opened(await connecting, address);
        }
        catch (OperationCanceledException) when (!_stopping.IsCancellationRequested)
        {
            return null;
        }
        catch (OperationCanceledException)
        {
            throw new KvsUnavailableException(ErrorCode.ShuttingDown, "This node stops. Ask another one.");
        }
    }

    private KvsConnection Opened(KvsConnection connection, KvsAddress address)
    {
        lock (_gate)
        {
            if (_open is { } other)
            {
                LetEnd(other.Connection);
            }

            Volatile.Write(ref _open, new Open(connection, address));
            return connection;
        }
    }

    // Under _gate. An old primary that hands over answers what it held back; one that is gone is not waited for long.
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

    private sealed record Attempt(KvsAddress Address, Task<KvsConnection?> Connecting);

    private sealed record Open(KvsConnection Connection, KvsAddress Address)
    {
        internal bool Serves(KvsAddress primary) => Connection.IsUsable && Address == primary;
    }
}
