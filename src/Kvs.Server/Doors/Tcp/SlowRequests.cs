using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;

namespace Kvs.Server.Doors.Tcp;

/// <summary>
/// Requests that may take long or wait: scans, counts, many keys, snapshots, figures, compaction. They run on the
/// thread
/// pool, one at a time per connection, when everything before them has been answered.
/// Threading: the session waits while one runs; so its buffers are this object's meanwhile.
/// </summary>
/// <param name="dispatcher">The way to the engine.</param>
/// <param name="snapshots">The snapshots of the connection.</param>
/// <param name="streams">The streams of the connection.</param>
/// <param name="answers">Where the answers go.</param>
/// <param name="sender">Where the chunks of streams go.</param>
internal sealed class SlowRequests(
    RequestDispatcher dispatcher,
    SessionSnapshots snapshots,
    SessionStreams streams,
    AnswerBuffer answers,
    SessionSender sender)
{
    private const long ChunkBytesDefault = 256 * 1024;
    private const long ChunkBytesMin = 1024;
    private const long ChunkBytesMax = 1024 * 1024;

    /// <summary>Runs a request.</summary>
    /// <param name="frame">Its frame; its bytes stay as they are meanwhile.</param>
    /// <param name="fields">Its optional fields.</param>
    /// <returns>Why it was refused; no code when it was answered.</returns>
    internal async Task<DecodeFault> RunAsync(Frame frame, RequestFields fields)
    {
        var deadline = dispatcher.DeadlineAfter(fields.DeadlineMillis);
        var start = answers.Length;
        try
        {
            var fault = await Task.Run(() => AnswerAsync(frame, fields, deadline));
            if (fault.Code == ErrorCode.None)
            {
                answers.Seal(start, frame.Opcode, frame.RequestId);
            }

            return fault;
        }
        catch (KvsException failure)
        {
            answers.Frames.Truncate(start);
            answers.WriteError(frame.Opcode, frame.RequestId,
                new ErrorResponse(failure.Code, failure.Outcome, failure.Message));
            return default;
        }
    }

    private async Task<DecodeFault> AnswerAsync(Frame frame, RequestFields fields, long deadline)
    {
        if (dispatcher.IsLate(deadline))
        {
            throw new KvsUnavailableException(ErrorCode.DeadlineExceeded,
                "The deadline passed before the request was begun.");
        }

        if (frame.Opcode != Opcode.Compact)
        {
            return Answer(in frame, in fields);
        }

        if (RequestDecoder.TryReadEmpty(in frame, out var fault))
        {
            await dispatcher.CompactAsync(CancellationToken.None);
            answers.WriteOk(frame.Opcode, frame.RequestId);
        }

        return fault;
    }

    private DecodeFault Answer(in Frame frame, in RequestFields fields) => frame.Opcode switch
    {
        Opcode.Get or Opcode.Stat => Read(in frame, in fields),
        Opcode.GetMany => GetMany(in frame, in fields),
        Opcode.ScanPage => ScanPage(in frame, in fields),
        Opcode.Scan => BeginStream(in frame, in fields),
        Opcode.Count => Count(in frame, in fields),
        Opcode.SnapshotOpen => OpenSnapshot(in frame),
        Opcode.SnapshotClose => CloseSnapshot(in frame),
        Opcode.Stats => Stats(in frame),
        Opcode.Info => Info(in frame),
        _ => new DecodeFault(ErrorCode.UnknownOpcode, $"The opcode 0x{(byte)frame.Opcode:X2} is not served here."),
    };

    private DecodeFault Read(in Frame frame, in RequestFields fields)
    {
        if (!RequestDecoder.TryReadOperation(in frame, out var operation, out var fault))
        {
            return fault;
        }

        var (opcode, requestId) = (frame.Opcode, frame.RequestId);
        var lease = snapshots.Find(fields.Snapshot);
        lease.Use((answers.Frames, operation.Key, opcode, requestId), static (snapshot, call) =>
        {
            if (call.opcode == Opcode.Stat)
            {
                ResponseEncoder.WriteStat(call.Frames, call.requestId, RequestDispatcher.Stat(snapshot, call.Key.Span));
                return true;
            }

            var start = ResponseEncoder.Begin(call.Frames, Opcode.Get, call.requestId);
            WriteFound(call.Frames, snapshot, call.Key.Span);
            call.Frames.EndFrame(start);
            return true;
        });
        return default;
    }

    private DecodeFault GetMany(in Frame frame, in RequestFields fields)
    {
        var keys = new List<ReadOnlyMemory<byte>>();
        if (!RequestDecoder.TryReadGetMany(in frame, keys, out var fault))
        {
            return fault;
        }

        var start = ResponseEncoder.Begin(answers.Frames, Opcode.GetMany, frame.RequestId);
        answers.Frames.WriteUInt32((uint)keys.Count);
        using var borrowed = Borrow(fields.Snapshot);
        borrowed.Lease.Use((Answers: answers, keys, start), static (snapshot, call) =>
        {
            foreach (var key in call.keys)
            {
                WriteFound(call.Answers.Frames, snapshot, key.Span);
                ThrowIfTooLong(call.Answers.Length - call.start, call.Answers.FrameBytesMax);
            }

            return true;
        });
        answers.Frames.EndFrame(start);
        return default;
    }

    private DecodeFault ScanPage(in Frame frame, in RequestFields fields)
    {
        if (!RequestDecoder.TryReadScan(in frame, out var request, out var fault))
        {
            return fault;
        }

        if (request.Limit == 0)
        {
            return new DecodeFault(ErrorCode.InvalidArgument,
                "A page of no entries cannot say where to go on: its limit is 1 or more.");
        }

        var bounded = request with
        {
            Limit = request.Limit ?? Limits.ScanPageEntries,
            LimitBytes = request.LimitBytes ?? Limits.ScanPageBytes,
        };
        using var borrowed = Borrow(fields.Snapshot);
        using var pager = new ScanPager(borrowed.Lease, in bounded, answers.FrameBytesMax);
        pager.WriteFrame(answers.Frames, Opcode.ScanPage, frame.RequestId, long.MaxValue, mayFollow: false);
        return default;
    }

    private DecodeFault BeginStream(in Frame frame, in RequestFields fields)
    {
        if (!RequestDecoder.TryReadScan(in frame, out var request, out var fault))
        {
            return fault;
        }

        // The stream outlives the receive buffer that the request lies in.
        streams.ThrowIfFull(frame.RequestId);
        var own = request with
        {
            Range = new KeyRange(request.Range.From.ToArray(), Own(request.Range.To)),
            Cursor = Own(request.Cursor),
        };
        var chunkBytes = request.ChunkBytes == 0
            ? ChunkBytesDefault
            : Math.Clamp(request.ChunkBytes, ChunkBytesMin, ChunkBytesMax);
        var borrowed = Borrow(fields.Snapshot);
        try
        {
            var pager = new ScanPager(borrowed.Lease, in own, answers.FrameBytesMax);
            var scan = new StreamedScan(pager, borrowed.Lease, borrowed.IsOwned, chunkBytes, request.Credit);
            streams.Start(frame.RequestId, new ScanStream(frame.RequestId, in scan, sender));
            return default;
        }
        catch
        {
            borrowed.Dispose();
            throw;
        }
    }

    private DecodeFault Count(in Frame frame, in RequestFields fields)
    {
        if (!RequestDecoder.TryReadCountRange(in frame, out var range, out var fault))
        {
            return fault;
        }

        using var borrowed = Borrow(fields.Snapshot);
        var keys = borrowed.Lease.Use(range, static (snapshot, range) => snapshot.Count(in range));
        ResponseEncoder.WriteCount(answers.Frames, frame.RequestId, keys);
        return default;
    }

    private DecodeFault OpenSnapshot(in Frame frame)
    {
        if (RequestDecoder.TryReadEmpty(in frame, out var fault))
        {
            var lease = snapshots.Open();
            ResponseEncoder.WriteSnapshot(answers.Frames, frame.RequestId, lease.Id, lease.Version);
        }

        return fault;
    }

    private DecodeFault CloseSnapshot(in Frame frame)
    {
        if (RequestDecoder.TryReadSnapshotClose(in frame, out var id, out var fault))
        {
            snapshots.Close(id);
            answers.WriteOk(frame.Opcode, frame.RequestId);
        }

        return fault;
    }

    private DecodeFault Stats(in Frame frame)
    {
        if (RequestDecoder.TryReadEmpty(in frame, out var fault))
        {
            ResponseEncoder.WriteStats(answers.Frames, frame.RequestId, dispatcher.Stats());
        }

        return fault;
    }

    private DecodeFault Info(in Frame frame)
    {
        if (RequestDecoder.TryReadEmpty(in frame, out var fault))
        {
            ResponseEncoder.WriteInfo(answers.Frames, frame.RequestId, dispatcher.Info());
        }

        return fault;
    }

    private static void WriteFound(FrameBuffer frames, IEngineSnapshot snapshot, ReadOnlySpan<byte> key)
    {
        var result = ResultCodec.BeginFound(frames);
        var found = snapshot.TryGet(key, frames, out var info);
        ResultCodec.EndFound(frames, result, found, info.Version, info.ExpiresAtMillis);
    }

    /// <summary>Judged while it grows: the values of many keys may be far more than memory.</summary>
    private static void ThrowIfTooLong(int length, int frameBytesMax)
    {
        if (length > frameBytesMax)
        {
            throw new KvsException(
                ErrorCode.BatchTooLarge,
                $"The answer is longer than {frameBytesMax} bytes, the frame limit of the connection.");
        }
    }

    /// <summary>
    /// A copy. A null literal would become empty memory by way of byte[], which is something else: hence default.
    /// </summary>
    private static ReadOnlyMemory<byte>? Own(ReadOnlyMemory<byte>? bytes) =>
        bytes is { } present ? present.ToArray() : default(ReadOnlyMemory<byte>?);

    /// <summary>The snapshot that a request names, or one of the newest state that ends with the request.</summary>
    private Borrowed Borrow(ulong id) => id == 0
        ? new Borrowed(dispatcher.Snapshots.Open(), IsOwned: true)
        : new Borrowed(snapshots.Find(id), IsOwned: false);

    private readonly record struct Borrowed(SnapshotLease Lease, bool IsOwned) : IDisposable
    {
        public void Dispose()
        {
            if (IsOwned)
            {
                Lease.End();
            }
        }
    }
}
