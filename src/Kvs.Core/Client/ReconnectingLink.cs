using Kvs.Core.Client.Connections;
using Kvs.Core.Primitives;

namespace Kvs.Core.Client;

/// <summary>
/// The connections of a client, at most one to an address. One of them is the current one: calls go there until it fails or
/// is left. The address that answered last is tried first, a hint before it; a connection that is still good is used again.
/// Threading: any thread. Ownership: of its connections.
/// </summary>
internal sealed class ReconnectingLink : IServerLink, IAsyncDisposable
{
    private readonly IReadOnlyList<KvsAddress> _addresses;
    private readonly ConnectionSettings _settings;
    private readonly SilenceWatch? _silence;
    private readonly SemaphoreSlim _connecting = new(1);
    private readonly Lock _gate = new();
    private readonly Dictionary<KvsAddress, KvsConnection> _connections = []; // guarded by _connecting
    private KvsConnection? _current; // written under _gate, published: Volatile
    private KvsAddress? _hint; // guarded by _gate
    private int _addressIndex; // guarded by _gate
    private bool _isDisposed; // written under _connecting, published: Volatile

    /// <summary>Connects nowhere yet.</summary>
    /// <param name="addresses">At least one.</param>
    /// <param name="settings">How to connect; the address is filled in.</param>
    internal ReconnectingLink(IReadOnlyList<KvsAddress> addresses, ConnectionSettings settings)
    {
        _addresses = addresses;
        _settings = settings;
        _silence = addresses.Count > 1 ? new SilenceWatch(settings, () => Current) : null;
    }

    /// <inheritdoc/>
    public int AddressCount => _addresses.Count;

    /// <inheritdoc/>
    public bool IsClosed => Volatile.Read(ref _isDisposed);

    /// <inheritdoc/>
    public KvsConnection? Current => !IsClosed && Volatile.Read(ref _current) is { IsUsable: true } current ? current : null;

    /// <inheritdoc/>
    public async ValueTask<KvsConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(IsClosed, typeof(KvsClient));
        await _connecting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(IsClosed, typeof(KvsClient));
            return Current ?? await ConnectToAnyAsync(
                _settings, (how, token) => UseOrConnectAsync(how, token), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _connecting.Release();
        }
    }

    /// <inheritdoc/>
    public void Leave(KvsConnection connection, string? hint)
    {
        lock (_gate)
        {
            if (_current != connection)
            {
                return;
            }

            Volatile.Write(ref _current, null);
            _hint = KvsAddress.TryParse(hint, out var address) ? address : null;
            if (_hint is null && _addresses[_addressIndex] == connection.Address)
            {
                _addressIndex = (_addressIndex + 1) % _addresses.Count;
            }
        }
    }

    /// <summary>Makes a connection of its own beside the shared ones. Ownership: the caller disposes it.</summary>
    /// <param name="requestTimeout">Longest wait for an answer on it.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    internal Task<KvsConnection> ConnectAsideAsync(TimeSpan requestTimeout, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(IsClosed, typeof(KvsClient));
        return ConnectToAnyAsync(_settings with { RequestTimeout = requestTimeout }, KvsConnection.ConnectAsync, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _connecting.WaitAsync().ConfigureAwait(false);
        try
        {
            Volatile.Write(ref _isDisposed, true);
            _silence?.Dispose();
            foreach (var connection in _connections.Values)
            {
                await connection.DisposeAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            _connecting.Release();
        }
    }

    private async Task<KvsConnection> UseOrConnectAsync(ConnectionSettings how, CancellationToken cancellationToken)
    {
        if (!_connections.TryGetValue(how.Address, out var connection) || !connection.IsUsable)
        {
            // The old one closes itself when its last call has ended.
            connection = await KvsConnection.ConnectAsync(how, cancellationToken).ConfigureAwait(false);
            _connections[how.Address] = connection;
        }

        lock (_gate)
        {
            Volatile.Write(ref _current, connection);
            _hint = null;
        }

        return connection;
    }

    private async Task<KvsConnection> ConnectToAnyAsync(
        ConnectionSettings how,
        Func<ConnectionSettings, CancellationToken, Task<KvsConnection>> connect,
        CancellationToken cancellationToken)
    {
        var failures = new List<KvsException>();
        foreach (var (address, index) in InOrder())
        {
            try
            {
                var connection = await connect(how with { Address = address }, cancellationToken).ConfigureAwait(false);
                NoteAnswered(index);
                return connection;
            }
            catch (KvsException failure)
            {
                failures.Add(failure);
            }
        }

        // A server that answered, and does not know who asks, says more than others that are away.
        throw failures.Count == 1
            ? failures[0]
            : failures.Find(static failure => failure.Code == ErrorCode.Unauthenticated) ?? new KvsUnavailableException(
                ErrorCode.Unreachable,
                string.Join(' ', failures.Select(static failure => failure.Message)),
                WriteOutcome.NotApplied,
                failures[^1]);
    }

    // The hint, which need not be in the list, then the list from the address that answered last on.
    private List<(KvsAddress Address, int Index)> InOrder()
    {
        lock (_gate)
        {
            var order = new List<(KvsAddress, int)>(_addresses.Count + 1);
            if (_hint is { } hint && _addresses[_addressIndex] != hint)
            {
                order.Add((hint, -1));
            }

            for (var i = 0; i < _addresses.Count; i++)
            {
                var index = (_addressIndex + i) % _addresses.Count;
                order.Add((_addresses[index], index));
            }

            return order;
        }
    }

    private void NoteAnswered(int index)
    {
        lock (_gate)
        {
            _addressIndex = index < 0 ? _addressIndex : index;
        }
    }
}
