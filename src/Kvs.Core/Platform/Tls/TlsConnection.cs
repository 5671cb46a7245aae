using System.ComponentModel;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Kvs.Core.Platform.Tls;

/// <summary>
/// A connection within TLS. A dialled one comes with its handshake done; one that was accepted shakes hands when it is first
/// used, so that who accepts does not wait for it, and whoever bounds the wait for the first bytes bounds the handshake.
/// Threading: as any connection. Ownership: of the connection within.
/// </summary>
internal sealed class TlsConnection : IConnection
{
    /// <summary>A fatal "unexpected message", for who speaks something else: his program may tell him what this port speaks.</summary>
    private static readonly byte[] _alert = [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x0A];

    /// <summary>Bytes of a client with whom there is no TLS that are read before its connection is closed.</summary>
    private const int LingerBytesMax = 1024 * 1024;

    private const int SinkBytes = 4096;

    private readonly IConnection _inner;
    private readonly ConnectionStream _bytes;
    private readonly SslStream _stream;
    private readonly Func<SslStream, Task> _shakeHands;
    private readonly bool _isServer;
    private readonly Lock _gate = new();
    private Task? _handshake; // guarded by _gate
    private bool _isOpen; // published: Volatile

    private TlsConnection(IConnection inner, bool isServer, Func<SslStream, Task> shakeHands)
    {
        _inner = inner;
        _isServer = isServer;
        _bytes = new ConnectionStream(inner);
        _stream = new SslStream(_bytes, leaveInnerStreamOpen: true);
        _shakeHands = shakeHands;
    }

    /// <inheritdoc/>
    public string RemoteAddress => _inner.RemoteAddress;

    /// <inheritdoc/>
    public X509Certificate2? PeerCertificate => Volatile.Read(ref _isOpen) ? _stream.RemoteCertificate as X509Certificate2 : null;

    /// <summary>Takes over a connection that was accepted.</summary>
    /// <param name="inner">The connection. Ownership: this object's.</param>
    /// <param name="source">The server's certificates.</param>
    /// <param name="clients">Whether it asks for those of clients.</param>
    /// <param name="refused">Told who is not let in for his certificate, and why.</param>
    internal static TlsConnection OfServer(
        IConnection inner, TlsSource source, TlsClients clients, Action<string, string> refused) =>
        new(inner, isServer: true, stream => stream.AuthenticateAsServerAsync(
            source.Current.ForServer(clients, why => refused(inner.RemoteAddress, why)), CancellationToken.None));

    /// <summary>Shakes hands on a connection that was dialled.</summary>
    /// <param name="inner">The connection. Ownership: this object's, also when it fails.</param>
    /// <param name="source">The client's certificates.</param>
    /// <param name="host">Whose certificate the server must have.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="IOException">The server is not who it should be, or does not speak TLS.</exception>
    internal static async ValueTask<TlsConnection> DialAsync(
        IConnection inner, TlsSource source, string host, CancellationToken cancellationToken)
    {
        var wrong = SslPolicyErrors.None;
        var options = source.Current.ForClient(host, errors => wrong = errors);
        var connection = new TlsConnection(
            inner, isServer: false, stream => stream.AuthenticateAsClientAsync(options, cancellationToken));
        try
        {
            await connection.OpenAsync().ConfigureAwait(false);
            return connection;
        }
        catch (IOException failure)
        {
            connection.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            throw new IOException(connection.Explain(wrong, host, failure), failure);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            if (!Volatile.Read(ref _isOpen))
            {
                await OpenAsync().ConfigureAwait(false);
            }

            return await _stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (IsFailure(failure))
        {
            throw new IOException(failure.Message, failure);
        }
    }

    /// <inheritdoc/>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            if (!Volatile.Read(ref _isOpen))
            {
                await OpenAsync().ConfigureAwait(false);
            }

            await _stream.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (IsFailure(failure))
        {
            throw new IOException(failure.Message, failure);
        }
    }

    /// <inheritdoc/>
    public void FinishSending() => _ = FinishSendingAsync();

    /// <inheritdoc/>
    public void Finish() => _inner.Finish();

    /// <inheritdoc/>
    public void Dispose()
    {
        _inner.Dispose();
        _stream.Dispose();
    }

    private static bool IsFailure(Exception failure) =>
        failure is AuthenticationException or ObjectDisposedException or InvalidOperationException or Win32Exception;

    // Elsewhere: the arithmetic of a handshake would hold up whoever else the thread serves.
    private Task OpenAsync()
    {
        lock (_gate)
        {
            return _handshake ??= Task.Run(ShakeHandsAsync, CancellationToken.None);
        }
    }

    private async Task ShakeHandsAsync()
    {
        try
        {
            await _shakeHands(_stream).ConfigureAwait(false);
            Volatile.Write(ref _isOpen, true);
        }
        catch (Exception failure) when (_isServer || IsFailure(failure))
        {
            // Whatever it is: of some bytes that are no handshake the framework makes exceptions of no kind that it tells of.
            if (_isServer)
            {
                await LetGoAsync().ConfigureAwait(false);
            }

            throw new IOException(failure.Message, failure);
        }
    }

    /// <summary>
    /// Leaves a client with whom there is no TLS: its program may tell him why by an alert. Reads on, without looking, until it
    /// closes, or whoever bounds the handshake ends it: closing with unread bytes would reset the connection, and it might
    /// never see the alert.
    /// </summary>
    private async ValueTask LetGoAsync()
    {
        try
        {
            if (_bytes.IsOtherProtocol)
            {
                await _inner.SendAsync(_alert, CancellationToken.None).ConfigureAwait(false);
            }

            _inner.FinishSending();
            var sink = new byte[SinkBytes];
            for (var left = LingerBytesMax; left > 0;)
            {
                var count = await _inner.ReceiveAsync(sink, CancellationToken.None).ConfigureAwait(false);
                left = count == 0 ? 0 : left - count;
            }
        }
        catch (IOException)
        {
            // It is gone: nobody is left to tell.
        }
    }

    private async Task FinishSendingAsync()
    {
        try
        {
            if (Volatile.Read(ref _isOpen))
            {
                await _stream.ShutdownAsync().ConfigureAwait(false);
            }
        }
        catch (Exception failure) when (IsFailure(failure) || failure is IOException)
        {
            // It was closed meanwhile: that ends it too.
        }

        _inner.FinishSending();
    }

    private string Explain(SslPolicyErrors wrong, string host, IOException failure) => this switch
    {
        _ when _bytes.IsOtherProtocol => "it does not speak TLS: connect without (kvs-client without --tls)",
        _ when wrong.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) => $"its certificate is for another name than {host}",
        _ when wrong != SslPolicyErrors.None =>
            "its certificate is not of an authority that is trusted here, or has expired (kvs-client --tls-ca FILE)",
        _ => $"the TLS handshake failed: {failure.Message}",
    };
}
