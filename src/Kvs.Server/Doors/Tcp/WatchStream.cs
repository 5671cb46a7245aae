using Kvs.Core.Engines.Watch;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;
using Kvs.Server.Doors.Sessions;

namespace Kvs.Server.Doors.Tcp;

/// <summary>
/// One watch: chunks of changes at the client's pace, read from the log when there is credit for them. While nothing fits, a
/// chunk without changes tells the position from time to time. A client that reads slowly costs a chunk at most, one that
/// waits costs nothing but this object.
/// Threading: its own task, on the thread pool; credit and the end come from the session.
/// Ownership: of its feed and its chunks.
/// </summary>
/// <param name="requestId">The id of its request.</param>
/// <param name="request">What is asked for; its keys are this object's.</param>
/// <param name="open">Opens the feed, which may have to wait for the position.</param>
/// <param name="chunks">Where chunks are written. Ownership: this object's.</param>
/// <param name="sender">Where the chunks go.</param>
/// <param name="time">The clock.</param>
internal sealed class WatchStream(
    uint requestId,
    WatchRequest request,
    Func<CancellationToken, Task<IChangeFeed>> open,
    AnswerBuffer chunks,
    SessionSender sender,
    TimeProvider time) : ISessionStream
{
    /// <summary>Longest time without a chunk while there is credit.</summary>
    internal static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);

    /// <summary>Half of what a connection may hold of its own: the changes, and the change that goes beyond them.</summary>
    private const int ChunkBytesMax = SendBuffer.OwnBytes / 2;
    private const int ChunkBytesMin = 1024;

    /// <summary>Bytes of a chunk around the key and the value of its only change.</summary>
    private const int HeadBytes = 96 + ContentTypes.FieldBytesMax;

    private readonly int _chunkBytes = request.ChunkBytes == 0
        ? ChunkBytesMax
        : (int)Math.Clamp(request.ChunkBytes, ChunkBytesMin, ChunkBytesMax);
    private readonly StreamCredit _credit = new(request.Credit);
    private readonly CancellationTokenSource _stop = new();
    private readonly ChangeBuffer _changes = new();
    private IChangeFeed? _feed;

    /// <inheritdoc/>
    public async Task RunAsync()
    {
        try
        {
            _feed = await open(_stop.Token);
            for (var isFirst = true; await _credit.TakeAsync(Rest); isFirst = false)
            {
                await ReadAsync(_feed, mayBeEmpty: isFirst);
                if (_stop.IsCancellationRequested)
                {
                    break;
                }

                await SendAsync(_feed.Position, more: true);
            }

            _changes.Clear();
            await SendAsync(_feed.Position, more: false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            await SendErrorAsync(new ErrorResponse(ErrorCode.ShuttingDown, WriteOutcome.NotApplied, "The watch was ended."));
        }
        catch (KvsException failure)
        {
            await SendErrorAsync(ErrorResponse.From(failure));
        }
    }

    /// <inheritdoc/>
    public void AddCredit(uint more) => _credit.Add(more);

    /// <inheritdoc/>
    public void Cancel()
    {
        _credit.Cancel();
        _stop.Cancel();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        chunks.Clear();
        _feed?.Dispose();
        _stop.Dispose();
    }

    /// <summary>Reads changes for a chunk; waits for the first one until it is time to tell the position.</summary>
    private async Task ReadAsync(IChangeFeed feed, bool mayBeEmpty)
    {
        _changes.Clear();
        chunks.Clear(); // what a large change has taken of the budget is free again
        var heartbeatAt = time.GetTimestamp() + (long)(Heartbeat.TotalSeconds * time.TimestampFrequency);
        await Task.Yield(); // reading may wait for the disk, and a send may have ended on a thread that serves others
        while (true)
        {
            _changes.LargestMax = ChunkBytesMax;
            var mayHaveMore = feed.Read(_changes, _chunkBytes);
            if (_changes is { Count: 0, LargeBytes: > 0 })
            {
                await ReadLargeAsync(feed, _changes.LargeBytes);
            }

            if (_changes.Count > 0 || mayBeEmpty || time.GetTimestamp() >= heartbeatAt || _stop.IsCancellationRequested)
            {
                return;
            }

            if (!mayHaveMore)
            {
                Rest();
                await WaitAsync(feed, time.GetElapsedTime(time.GetTimestamp(), heartbeatAt));
            }
        }
    }

    /// <summary>Reads a change that is too large to be held unasked: it is held twice until the chunk is sent.</summary>
    private async Task ReadLargeAsync(IChangeFeed feed, int bytes)
    {
        chunks.ThrowIfTooLong(HeadBytes + (long)bytes, ErrorCode.ValueTooLarge);
        await chunks.ReserveAsync(HeadBytes + (2L * bytes));
        _changes.Clear();
        _changes.LargestMax = bytes;
        feed.Read(_changes, bytesMax: 1);
    }

    private async Task WaitAsync(IChangeFeed feed, TimeSpan atMost)
    {
        using var patience = new CancellationTokenSource(atMost > TimeSpan.Zero ? atMost : TimeSpan.Zero, time);
        await using var stopped = _stop.Token.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), patience);
        await feed.WaitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Rest()
    {
        _changes.Release();
        chunks.Clear();
    }

    private async Task SendAsync(WatchPosition position, bool more)
    {
        chunks.Empty();
        var frames = chunks.Frames;
        var start = ChangeChunkCodec.Begin(frames, requestId, position, _changes.Count);
        for (var i = 0; i < _changes.Count; i++)
        {
            var change = _changes[i];
            ChangeChunkCodec.Write(
                frames, change.Kind, change.Position, change.Key.Span, change.Value.Span, change.ExpiresAtMillis, change.ContentType);
        }

        frames.EndFrame(start, more ? FrameFlags.More : FrameFlags.None);
        await sender.SendAsync(frames.Written);
    }

    private ValueTask SendErrorAsync(in ErrorResponse error)
    {
        chunks.Clear();
        chunks.WriteError(Opcode.Watch, requestId, error);
        return sender.SendAsync(chunks.Frames.Written);
    }
}
