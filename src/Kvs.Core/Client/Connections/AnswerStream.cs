using System.Threading.Channels;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Responses;

namespace Kvs.Core.Client.Connections;

/// <summary>A stream as its connection sees it. Threading: the connection's.</summary>
internal interface IAnswerStream
{
    /// <summary>Takes a frame of the stream.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="isLast">Whether it is the last one.</param>
    /// <returns>False when it is malformed, or sent without credit.</returns>
    bool TryOffer(in Frame frame, bool isLast);

    /// <summary>Ends the stream with an exception, behind what has arrived.</summary>
    /// <param name="failure">The exception.</param>
    void Fail(KvsException failure);
}

/// <summary>Reads the body of a chunk, behind its code.</summary>
/// <typeparam name="TChunk">The chunk.</typeparam>
/// <param name="body">The body.</param>
/// <param name="chunk">The chunk.</param>
/// <returns>False when it is malformed.</returns>
internal delegate bool ReadChunk<TChunk>(ReadOnlyMemory<byte> body, out TChunk chunk);

/// <summary>
/// A scan or a watch that the server streams, at the reader's pace: for each chunk that is read, one more may be sent, so
/// never more than the first credit waits here.
/// Threading: <see cref="ReadAsync"/> and <see cref="Dispose"/> by the reader; the rest by the connection.
/// </summary>
/// <typeparam name="TChunk">What a chunk is.</typeparam>
/// <param name="connection">Its connection.</param>
/// <param name="id">Its request id.</param>
/// <param name="credit">Chunks that may be sent unasked.</param>
/// <param name="read">Reads a chunk.</param>
/// <param name="time">The clock.</param>
/// <param name="timeout">Longest wait for a chunk.</param>
internal sealed class AnswerStream<TChunk>(
    KvsConnection connection, uint id, uint credit, ReadChunk<TChunk> read, TimeProvider time, TimeSpan timeout)
    : IAnswerStream, IDisposable
    where TChunk : class
{
    private readonly Channel<TChunk> _chunks = Channel.CreateUnbounded<TChunk>(new UnboundedChannelOptions
    {
        SingleReader = true,
        SingleWriter = true,
    });

    private long _credit = credit; // Interlocked

    /// <summary>Waits for the next chunk.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The chunk; null at the end.</returns>
    /// <exception cref="KvsException">The stream or the connection failed, or the server is silent.</exception>
    internal async ValueTask<TChunk?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (!await _chunks.Reader.WaitToReadAsync(cancellationToken).AsTask()
                .WaitAsync(timeout, time, cancellationToken).ConfigureAwait(false))
            {
                return null;
            }
        }
        catch (TimeoutException failure)
        {
            throw new KvsUnavailableException(
                ErrorCode.DeadlineExceeded,
                $"The server sent no part of the stream within {timeout.TotalSeconds:0.###} s.",
                WriteOutcome.NotApplied,
                failure);
        }

        _chunks.Reader.TryRead(out var chunk);
        Interlocked.Increment(ref _credit);
        connection.Steer(id, 1);
        return chunk;
    }

    /// <inheritdoc/>
    public bool TryOffer(in Frame frame, bool isLast)
    {
        if (!ResponseDecoder.TryReadCode(in frame, out var code, out var body))
        {
            return false;
        }

        if (code != ErrorCode.None)
        {
            var whole = ErrorResponse.TryRead(in frame, out var error);
            Fail(whole
                ? KvsException.Of(error.Code, error.Text, WriteOutcome.NotApplied, error.Fields.Primary)
                : new KvsProtocolException(ErrorCode.Protocol, "The server sent a malformed error."));
            return whole && isLast;
        }

        if (!read(body, out var chunk) || Interlocked.Decrement(ref _credit) < 0)
        {
            Fail(new KvsProtocolException(
                ErrorCode.Protocol, "The server sent a chunk that is malformed, or more than it had credit for."));
            return false;
        }

        _chunks.Writer.TryWrite(chunk);
        if (isLast)
        {
            _chunks.Writer.TryComplete();
        }

        return true;
    }

    /// <inheritdoc/>
    public void Fail(KvsException failure) => _chunks.Writer.TryComplete(failure);

    /// <summary>Ends the stream; what the server still sends of it is dropped.</summary>
    public void Dispose() => connection.Steer(id, 0);
}
