using Kvs.Core.Client.Connections;
using Kvs.Core.Primitives;

namespace Kvs.Core.Client;

/// <summary>
/// One connection at a time to one of several addresses, made anew by the first call after it failed. The address that
/// answered last is tried first. Threading: any thread. Ownership: of its connections.
/// </summary>
/// <param name="addresses">At least one.</param>
/// <param name="settings">How to connect; the address is filled in.</param>
internal sealed class ReconnectingLink(IReadOnlyList<KvsAddress> addresses, ConnectionSettings settings) : IServerLink, IAsyncDisposable
{
    private readonly SemaphoreSlim _connecting = new(1);
    private KvsConnection? _current; // written under _connecting, published: Volatile
    private int _addressIndex; // published: Volatile
    private bool _isDisposed; // written under _connecting, published: Volatile

    /// <inheritdoc/>
    public ValueTask<KvsConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed), typeof(KvsClient));
        cancellationToken.ThrowIfCancellationRequested();
        return Volatile.Read(ref _current) is { IsUsable: true } current
            ? ValueTask.FromResult(current)
            : ReconnectAsync(cancellationToken);
    }

    /// <summary>Makes a connection of its own beside the shared one. Ownership: the caller disposes it.</summary>
    /// <param name="requestTimeout">Longest wait for an answer on it.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    internal Task<KvsConnection> ConnectAsideAsync(TimeSpan requestTimeout, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed), typeof(KvsClient));
        return ConnectToAnyAsync(settings with { RequestTimeout = requestTimeout }, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _connecting.WaitAsync().ConfigureAwait(false);
        try
        {
            Volatile.Write(ref _isDisposed, true);
            if (_current is { } current)
            {
                await current.DisposeAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            _connecting.Release();
        }
    }

    private async ValueTask<KvsConnection> ReconnectAsync(CancellationToken cancellationToken)
    {
        await _connecting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, typeof(KvsClient));
            if (_current is not { IsUsable: true } current)
            {
                // The old one closes itself when its last call has ended.
                current = await ConnectToAnyAsync(settings, cancellationToken).ConfigureAwait(false);
                Volatile.Write(ref _current, current);
            }

            return current;
        }
        finally
        {
            _connecting.Release();
        }
    }

    private async Task<KvsConnection> ConnectToAnyAsync(ConnectionSettings how, CancellationToken cancellationToken)
    {
        var first = Volatile.Read(ref _addressIndex);
        var failures = new List<KvsException>();
        for (var i = 0; i < addresses.Count; i++)
        {
            var index = (first + i) % addresses.Count;
            try
            {
                var connection = await KvsConnection
                    .ConnectAsync(how with { Address = addresses[index] }, cancellationToken).ConfigureAwait(false);
                Volatile.Write(ref _addressIndex, index);
                return connection;
            }
            catch (KvsException failure)
            {
                failures.Add(failure);
            }
        }

        throw failures.Count == 1
            ? failures[0]
            : new KvsUnavailableException(
                ErrorCode.Unreachable,
                string.Join(' ', failures.Select(static failure => failure.Message)),
                WriteOutcome.NotApplied,
                failures[^1]);
    }
}
