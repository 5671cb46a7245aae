using System.Threading.Channels;
using Kvs.Core.Platform;

namespace Kvs.TestKit.Network;

/// <summary>
/// One side of a connection in memory. What is sent arrives in the pieces in which it was sent, so that a test decides
/// where frames are split; a peer that does not receive makes the sender wait, as TCP does.
/// </summary>
internal sealed class MemoryConnection : IConnection
{
    /// <summary>Pieces that may be on their way; the next send waits.</summary>
    internal const int PiecesMax = 64;

    private readonly ChannelReader<byte[]> _incoming;
    private readonly ChannelWriter<byte[]> _outgoing;
    private readonly CancellationTokenSource _closed;
    private ReadOnlyMemory<byte> _rest; // the receiver's

    private MemoryConnection(ChannelReader<byte[]> incoming, ChannelWriter<byte[]> outgoing, CancellationTokenSource closed)
    {
        _incoming = incoming;
        _outgoing = outgoing;
        _closed = closed;
    }

    /// <inheritdoc/>
    public string RemoteAddress => "memory";

    /// <summary>Both sides of a new connection.</summary>
    /// <param name="isInline">Whether who sends runs what the receiver goes on with.</param>
    internal static (MemoryConnection Client, MemoryConnection Server) Pair(bool isInline = false)
    {
        var options = new BoundedChannelOptions(PiecesMax) { AllowSynchronousContinuations = isInline };
        var up = Channel.CreateBounded<byte[]>(options);
        var down = Channel.CreateBounded<byte[]>(options);
        return (
            new MemoryConnection(down.Reader, up.Writer, new CancellationTokenSource()),
            new MemoryConnection(up.Reader, down.Writer, new CancellationTokenSource()));
    }

    /// <inheritdoc/>
    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_closed.Token, cancellationToken);
        try
        {
            if (_rest.IsEmpty)
            {
                if (!await _incoming.WaitToReadAsync(either.Token))
                {
                    return 0;
                }

                _incoming.TryRead(out var piece);
                _rest = piece;
            }
        }
        catch (OperationCanceledException failure) when (_closed.IsCancellationRequested)
        {
            throw new IOException("The connection was closed", failure);
        }

        var count = Math.Min(_rest.Length, buffer.Length);
        _rest[..count].CopyTo(buffer);
        _rest = _rest[count..];
        return count;
    }

    /// <inheritdoc/>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(_closed.Token, cancellationToken);
        try
        {
            await _outgoing.WriteAsync(bytes.ToArray(), either.Token);
        }
        catch (Exception failure) when (failure is ChannelClosedException || (failure is OperationCanceledException && _closed.IsCancellationRequested))
        {
            throw new IOException("The connection was closed", failure);
        }
    }

    /// <inheritdoc/>
    public void FinishSending() => _outgoing.TryComplete();

    /// <inheritdoc/>
    public void Finish() => Dispose();

    /// <inheritdoc/>
    public void Dispose()
    {
        _closed.Cancel();
        _outgoing.TryComplete();
    }
}
