using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Responses;
using Kvs.Server.Doors.Sessions;

namespace Kvs.Server.Doors.Tcp;

/// <summary>
/// One scan that is streamed in chunks at the client's pace: a chunk goes out only against credit, so a client that
/// does not read costs one chunk of memory until its time limit, one that gives no credit none, and either, until its
/// age limit, one snapshot. Its chunks stand between the other answers of the connection.
/// Threading: its own task, on the thread pool; credit and the end come from the session.
/// Ownership: of its pager and its chunks; of its lease when it opened it.
/// </summary>
internal sealed class ScanStream : ISessionStream
{
    /// <summary>Chunks of smaller entries end by what stands beside keys and values, before they are full of them.</summary>
    private const int EntryBytesExpected = 64;

    private readonly AnswerBuffer _chunks;
    private readonly uint _requestId;
    private readonly ScanPager _pager;
    private readonly SnapshotLease _lease;
    private readonly bool _ownsLease;
    private readonly long _chunkBytes;
    private readonly SessionSender _sender;
    private readonly StreamCredit _credit;

    /// <summary>Creates it; <see cref="RunAsync"/> runs it.</summary>
    /// <param name="requestId">The id of its request.</param>
    /// <param name="scan">The scan, its lease, and its limits.</param>
    /// <param name="chunks">Where chunks are written. Ownership: this object's.</param>
    /// <param name="sender">Where the chunks go.</param>
    internal ScanStream(uint requestId, in StreamedScan scan, AnswerBuffer chunks, SessionSender sender)
    {
        _requestId = requestId;
        _lease = scan.Lease;
        _ownsLease = scan.OwnsLease;
        _chunkBytes = scan.ChunkBytes;
        _credit = new StreamCredit(scan.Credit);
        _pager = scan.Pager;
        _chunks = chunks;
        _sender = sender;
    }

    /// <inheritdoc/>
    public async Task RunAsync()
    {
        try
        {
            while (!_pager.IsDone && await _credit.TakeAsync(_chunks.Clear))
            {
                _chunks.Empty();
                await _chunks.ReserveAsync(_pager.Measure(_chunkBytes, _chunkBytes / EntryBytesExpected));
                _pager.WriteFrame(_chunks.Frames, Opcode.Scan, _requestId, _chunkBytes, mayFollow: true);
                await _sender.SendAsync(_chunks.Frames.Written);
            }

            if (!_pager.IsDone)
            {
                await SendEmptyLastChunkAsync();
            }
        }
        catch (KvsException failure)
        {
            _chunks.Clear();
            _chunks.WriteError(
                Opcode.Scan, _requestId, new ErrorResponse(failure.Code, failure.Outcome, failure.Message));
            await _sender.SendAsync(_chunks.Frames.Written);
        }
    }

    /// <inheritdoc/>
    public void AddCredit(uint chunks) => _credit.Add(chunks);

    /// <inheritdoc/>
    public void Cancel() => _credit.Cancel();

    /// <inheritdoc/>
    public void Dispose()
    {
        _chunks.Clear();
        _pager.Dispose();
        if (_ownsLease)
        {
            _lease.End();
        }
    }

    private ValueTask SendEmptyLastChunkAsync()
    {
        _chunks.Clear();
        var start = ScanChunkCodec.Begin(
            _chunks.Frames, Opcode.Scan, _requestId, _lease.Version, _chunks.Position is not null);
        ScanChunkCodec.End(_chunks.Frames, start, 0, null, more: false);
        return _sender.SendAsync(_chunks.Frames.Written);
    }
}

/// <summary>A scan that is about to be streamed.</summary>
/// <param name="Pager">The scan.</param>
/// <param name="Lease">What is scanned.</param>
/// <param name="OwnsLease">Whether the lease ends with the stream.</param>
/// <param name="ChunkBytes">Bytes of keys and values at which a chunk ends.</param>
/// <param name="Credit">Chunks that may be sent unasked.</param>
internal readonly record struct StreamedScan(
    ScanPager Pager, SnapshotLease Lease, bool OwnsLease, long ChunkBytes, uint Credit);
