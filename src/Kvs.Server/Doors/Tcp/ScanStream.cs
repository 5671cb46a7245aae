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
internal sealed class ScanStream : IDisposable
{
    private const uint CreditMax = 1_000_000;

    /// <summary>Chunks of smaller entries end by what stands beside keys and values, before they are full of them.</summary>
    private const int EntryBytesExpected = 64;

    private readonly Lock _gate = new();
    private readonly AnswerBuffer _chunks;
    private readonly uint _requestId;
    private readonly ScanPager _pager;
    private readonly SnapshotLease _lease;
    private readonly bool _ownsLease;
    private readonly long _chunkBytes;
    private readonly SessionSender _sender;
    private uint _credit; // guarded by _gate
    private bool _cancelled; // guarded by _gate
    private TaskCompletionSource? _waiter; // guarded by _gate

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
        _credit = Math.Min(scan.Credit, CreditMax);
        _pager = scan.Pager;
        _chunks = chunks;
        _sender = sender;
    }

    /// <summary>Sends the chunks, to the end, to an error, or until it is cancelled.</summary>
    /// <exception cref="IOException">The connection is broken.</exception>
    internal async Task RunAsync()
    {
        try
        {
            while (!_pager.IsDone && await TakeCreditAsync())
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

    /// <summary>Allows more chunks.</summary>
    /// <param name="chunks">How many.</param>
    internal void AddCredit(uint chunks)
    {
        lock (_gate)
        {
            _credit = (uint)Math.Min((ulong)_credit + chunks, CreditMax);
            WakeLocked();
        }
    }

    /// <summary>Ends it after the chunk in hand.</summary>
    internal void Cancel()
    {
        lock (_gate)
        {
            _cancelled = true;
            WakeLocked();
        }
    }

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

    private async ValueTask<bool> TakeCreditAsync()
    {
        while (true)
        {
            Task wait;
            lock (_gate)
            {
                if (_cancelled)
                {
                    return false;
                }

                if (_credit > 0)
                {
                    _credit--;
                    return true;
                }

                _waiter ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                wait = _waiter.Task;
            }

            // Nothing is kept for a client that may never ask for more.
            _chunks.Clear();
            await wait;
        }
    }

    private void WakeLocked()
    {
        _waiter?.SetResult();
        _waiter = null;
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
