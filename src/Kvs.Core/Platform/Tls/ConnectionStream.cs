namespace Kvs.Core.Platform.Tls;

/// <summary>
/// A connection as the stream that the framework's TLS works on; asynchronous only. It notes how the other side begins.
/// Threading: as the connection. Ownership: not of the connection.
/// </summary>
/// <param name="connection">The connection.</param>
internal sealed class ConnectionStream(IConnection connection) : Stream
{
    private const int Alert = 0x15;
    private const int Handshake = 0x16;

    private int _first = -1; // published: Volatile

    /// <summary>Whether anything was received.</summary>
    internal bool HasReceived => Volatile.Read(ref _first) >= 0;

    /// <summary>Whether what was received first is no TLS.</summary>
    internal bool IsOtherProtocol => Volatile.Read(ref _first) is not (-1 or Alert or Handshake);

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        HasReceived ? connection.ReceiveAsync(buffer, cancellationToken) : ReadFirstAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        connection.SendAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    private async ValueTask<int> ReadFirstAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        // Of an empty buffer nothing is to be received: it asks whether something is there, which a connection cannot tell.
        var count = buffer.IsEmpty ? 0 : await connection.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
        if (count > 0)
        {
            Volatile.Write(ref _first, buffer.Span[0]);
        }

        return count;
    }
}
