using Kvs.Core.Client;
using Kvs.Core.Client.Connections;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Server.Access;
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
/// <param name="secret">By which it shows that it is a node; null for none.</param>
internal sealed class PrimaryConnection(
    ITransport transport, KvsEnvironment machine, Func<NodeStatus> status, ClusterSecret? secret = null) : IAsyncDisposable
{
    private static readonly TimeSpan _connectTimeout = TimeSpan.FromSeconds(1);

    /// <summary>An old primary that hands over answers within moments what it held back.</summary>
    private static readonly TimeSpan _grace = TimeSpan.FromMilliseconds(500);

    private readonly ulong _clientId = (ulong)machine.Random.NextInt64(1, long.MaxValue);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private bool _isStopping; // guarded by _gate
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

    /// <summary>Another node leads, or this one, or nobody is known to: what goes to the old primary comes to an end.</summary>
    internal void PrimaryChanged()
    {
        lock (_gate)
        {
            var address = PrimaryAddress();
            if (_open is { } old && !(address is { } primary && old.Serves(primary)))
            {
                LetEnd(old.Connection);
                Volatile.Write(ref _open, null);
            }

            if (_attempt is { } attempt && attempt.Address != address)
            {
                attempt.GiveUp();
                _attempt = null;
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _isStopping = true;
            _attempt?.GiveUp();
        }

        if (Interlocked.Exchange(ref _open, null) is { } open)
        {
            await open.Connection.DisposeAsync();
        }

        await _stopping.CancelAsync();
        await _ending;
        _stopping.Dispose();
    }

    // Null while this node leads, or knows of no primary.
    private KvsAddress? PrimaryAddress() =>
        status() is { Leads: false } now && KvsAddress.TryParse(now.PrimaryAddress, out var address) ? address : null;

    private Task<KvsConnection?> AttemptAt(KvsAddress address)
    {
        lock (_gate)
        {
            if (_isStopping)
            {
                throw new KvsUnavailableException(ErrorCode.ShuttingDown, "This node stops. Ask another one.");
            }

            if (_open is { } open && open.Serves(address))
            {
                return Task.FromResult<KvsConnection?>(open.Connection);
            }

            if (_attempt is not { Connecting.IsCompleted: false } going || going.Address != address)
            {
                _attempt?.GiveUp();
                _attempt = new Attempt(address, stop => Task.Run(() => MakeAsync(address, stop), CancellationToken.None));
            }

            return _attempt.Connecting;
        }
    }

    // Null when it was given up, because another node leads: who waits looks again.
    private async Task<KvsConnection?> MakeAsync(KvsAddress address, CancellationToken stop)
    {
        try
        {
            var connection = await KvsConnection.ConnectAsync(SettingsFor(address, status().Self), stop);
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
        catch (OperationCanceledException)
        {
            return null;
        }
        catch (KvsAccessException refused)
        {
            // Nothing that the client of this node could mend: it has said who it is.
            throw new KvsUnavailableException(
                ErrorCode.Unreachable,
                $"The primary at {address} does not take this node for one of the cluster: give all nodes the same --cluster-secret-file.",
                WriteOutcome.NotApplied,
                refused);
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
        Credentials = secret is null ? null : KvsCredentials.OfNode(secret.ForwardProof),
        ConnectTimeout = _connectTimeout,
        RequestTimeout = Timeout.InfiniteTimeSpan,
        KeepAlive = TimeSpan.FromSeconds(1),
        Positions = new PositionMark(),
    };

    private sealed class Attempt
    {
        private readonly Func<Task> _giveUp;

        internal Attempt(KvsAddress address, Func<CancellationToken, Task<KvsConnection?>> connect)
        {
            var stop = new CancellationTokenSource();
            _giveUp = stop.CancelAsync;
            Address = address;
            Connecting = connect(stop.Token);
        }

        internal KvsAddress Address { get; }

        internal Task<KvsConnection?> Connecting { get; }

        // What the cancellation runs is not run by whoever holds the gate.
        internal void GiveUp() => _ = _giveUp();
    }

    private sealed record Open(KvsConnection Connection, KvsAddress Address)
    {
        internal bool Serves(KvsAddress primary) => Connection.IsUsable && Address == primary;
    }
}
