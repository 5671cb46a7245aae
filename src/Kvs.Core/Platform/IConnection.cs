using System.Security.Cryptography.X509Certificates;

namespace Kvs.Core.Platform;

/// <summary>
/// One byte stream in each direction. Failures are <see cref="IOException"/>. Disposing it closes both directions and
/// ends a waiting receive or send with a failure. Threading: one receive and one send at a time, which may overlap;
/// dispose at any time.
/// </summary>
internal interface IConnection : IDisposable
{
    /// <summary>The other side, for logs and messages.</summary>
    string RemoteAddress { get; }

    /// <summary>
    /// The certificate that the other side has shown and that was verified; null for none, and before anything was received.
    /// </summary>
    X509Certificate2? PeerCertificate => null;

    /// <summary>Receives what there is; waits when there is nothing.</summary>
    /// <param name="buffer">Where it goes. An empty one only waits, until there is something or nothing more will come.</param>
    /// <param name="cancellationToken">Ends the waiting; the connection is not usable afterwards.</param>
    /// <returns>Bytes received; 0 when the other side has closed its direction.</returns>
    ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>Sends all of the bytes.</summary>
    /// <param name="bytes">The bytes; not changed until the send is done.</param>
    /// <param name="cancellationToken">Ends the waiting; the connection is not usable afterwards.</param>
    ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>
    /// Tells the other side that nothing more will be sent; it can still be received from. Nothing when it is gone.
    /// </summary>
    void FinishSending();

    /// <summary>
    /// Ends both directions, for a caller that waits for its own operations before it disposes: a waiting receive gets 0
    /// bytes or a failure, a waiting send a failure. Nothing when the other side is gone.
    /// </summary>
    void Finish();
}
