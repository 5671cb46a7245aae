using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;
using Kvs.Server.Doors.Sessions;

namespace Kvs.Server.Doors.Tcp;

/// <summary>
/// Requests that may take long, wait, or need much room: scans, counts, many keys, large values, snapshots, figures,
/// compaction. They run on the thread pool, one at a time per connection, when everything before them has been answered.
/// Threading: the session waits while one runs; so its buffers are this object's meanwhile.
/// </summary>
/// <param name="dispatcher">The way to the engine.</param>
/// <param name="snapshots">The snapshots of the connection.</param>
/// <param name="streams">The streams of the connection.</param>
/// <param name="answers">Where the answers go.</param>
/// <param name="sender">Where the chunks of streams go.</param>
/// <param name="auth">Judges who the client is.</param>
internal sealed class SlowRequests(
    RequestDispatcher dispatcher,
    SessionSnapshots snapshots,
    SessionStreams streams,
    AnswerBuffer answers,
    SessionSender sender,
    AuthRequests auth)
{
    private const long ChunkBytesDefault = 256 * 1024;
    private const long ChunkBytesMin = 1024;
    private const long ChunkBytesMax = 1024 * 1024;

    /// <summary>Bytes before the results of an answer: code, count.</summary>
    private const int CountBytes = sizeof(ushort) + sizeof(uint);

    private readonly ClusterRequests _cluster = new(dispatcher, answers);

    /// <summary>Where the requests come from; null when that is not known.</summary>
    internal WorkOrigin? Origin { get; init; }

    /// <summary>Runs a request.</summary>
    /// <param name="frame">Its frame; its bytes stay as they are meanwhile.</param>
    /// <param name="fields">Its optional fields.</param>
    /// <returns>Why it was refused; no code when it was answered.</returns>
    internal Task<DecodeFault> RunAsync(Frame frame, RequestFields fields) => RunAsync(
        frame.Opcode, frame.RequestId, dispatcher.DeadlineAfter(fields.DeadlineMillis),
        () => AnswerFreshAsync(frame, fields));

    /// <summary>Answers a read that the engine left, behind writes that are committed by now.</summary>
    /// <param name="answer">What it was.</param>
    /// <param name="read">The read; its key stays as it is meanwhile.</param>
    internal Task AnswerLeftAsync(FrameAnswer answer, WriteRequest read) => RunAsync(
        answer.Opcode, answer.RequestId, read.Deadline, () => ReadLeftAsync(answer, read));

    private async Task<DecodeFault> RunAsync(
        Opcode opcode, uint requestId, long deadline, Func<Task<DecodeFault>> answerAsync)
    {
        var start = answers.Length;
        using var span = new RequestSpan(dispatcher.Operations, opcode);
        try
        {
            if (dispatcher.IsLate(deadline))
            {
                throw new KvsUnavailableException(ErrorCode.DeadlineExceeded,
                    "The deadline passed before the request was begun.");
            }

            var fault = await Task.Run(answerAsync);
            span.Code = fault.Code;
            if (fault.Code == ErrorCode.None)
            {
                answers.Seal(start, opcode, requestId);
            }

            return fault;
        }
        catch (KvsException failure)
        {
            span.Code = failure.Code;
            answers.Frames.Truncate(start);
            answers.WriteError(opcode, requestId,
                ErrorResponse.From(failure));
            return default;
        }
    }

    private async Task<DecodeFault> ReadLeftAsync(FrameAnswer answer, WriteRequest read)
    {
        if (dispatcher.Cluster is { } cluster && !cluster.IsFresh(Consistency.Linearizable, KvsVersion.None))
        {
            await cluster.FreshenAsync(Consistency.Linearizable, KvsVersion.None, read.Deadline);
        }

        return await ReadNewestAsync(answer.Opcode, answer.RequestId, read.Operations[0].Key);
    }

    /// <summary>In a cluster, a read of the newest state waits until that may be read here.</summary>
    private async Task<DecodeFault> AnswerFreshAsync(Frame frame, RequestFields fields)
    {
        if (dispatcher.Cluster is { } cluster
            && Opcodes.IsRead(frame.Opcode)
            && frame.Opcode != Opcode.Position
            && fields.Snapshot == 0
            && !cluster.IsFresh(fields.Consistency, fields.AtLeast))
        {
            await cluster.FreshenAsync(fields.Consistency, fields.AtLeast, dispatcher.DeadlineAfter(fields.DeadlineMillis));
        }

        return await AnswerAsync(frame, fields);
    }

    private Task<DecodeFault> AnswerAsync(Frame frame, RequestFields fields) => frame.Opcode switch
    {
        Opcode.Get or Opcode.Stat => ReadAsync(frame, fields),
        Opcode.GetMany => GetManyAsync(frame, fields),
        Opcode.ScanPage => ScanPageAsync(frame, fields),
        Opcode.Compact => CompactAsync(frame),
        Opcode.ClusterDigest => DigestAsync(frame, fields),
        Opcode.Auth => auth.AnswerAsync(frame),
        (>= Opcode.ClusterStatus and <= Opcode.Position) or Opcode.ClusterForcePromote => _cluster.AnswerAsync(frame, fields),
        _ => Task.FromResult(Answer(in frame, in fields)),
    };

    private DecodeFault Answer(in Frame frame, in RequestFields fields) => frame.Opcode switch
    {
        Opcode.Scan => BeginStream(in frame, in fields),
        Opcode.Watch => BeginWatch(in frame, in fields),
        Opcode.Count => Count(in frame, in fields),
        Opcode.SnapshotOpen => OpenSnapshot(in frame),
        Opcode.SnapshotClose => CloseSnapshot(in frame),
        Opcode.Stats => Stats(in frame),
        Opcode.Info => Info(in frame),
        Opcode.SlowLog => SlowLog(in frame),
        _ => new DecodeFault(ErrorCode.UnknownOpcode, $"The opcode 0x{(byte)frame.Opcode:X2} is not served here."),
    };

    private async Task<DecodeFault> CompactAsync(Frame frame)
    {
        if (RequestDecoder.TryReadEmpty(in frame, out var fault))
        {
            await dispatcher.CompactAsync(CancellationToken.None);
            answers.WriteOk(frame.Opcode, frame.RequestId);
        }

        return fault;
    }

    private async Task<DecodeFault> ReadAsync(Frame frame, RequestFields fields)
    {
        if (!RequestDecoder.TryReadOperation(in frame, out var operation, out var fault))
        {
            return fault;
        }

        if (fields.Snapshot == 0)
        {
            return await ReadNewestAsync(frame.Opcode, frame.RequestId, operation.Key);
        }

        var lease = snapshots.Find(fields.Snapshot);
        if (frame.Opcode == Opcode.Stat)
        {
            var stat = lease.Use(operation.Key, static (snapshot, key) => RequestDispatcher.Stat(snapshot, key.Span));
            ResponseEncoder.WriteStat(answers.Frames, frame.RequestId, in stat, answers.PositionOf(lease.Version));
            return default;
        }

        var length = lease.Use(operation.Key, static (snapshot, key) => LengthOf(snapshot, key.Span));
        await ReserveAsync(ResultCodec.FoundBytesMax + (long)length, ErrorCode.ValueTooLarge);
        lease.Use((answers, operation.Key, frame.RequestId), static (snapshot, call) =>
        {
            var start = call.answers.Begin(Opcode.Get, call.RequestId);
            WriteFound(call.answers.Frames, snapshot, call.Key.Span);
            call.answers.End(start, snapshot.Version);
            return true;
        });
        return default;
    }

    private async Task<DecodeFault> ReadNewestAsync(Opcode opcode, uint requestId, ReadOnlyMemory<byte> key)
    {
        if (opcode == Opcode.Stat)
        {
            Check.That(dispatcher.TryStat(key.Span, mayWait: true, out var stat, Origin));
            ResponseEncoder.WriteStat(answers.Frames, requestId, in stat, answers.PositionOf());
            return default;
        }

        // Without room for it the value is only measured; by the time there is room it may have become longer.
        var room = SendBuffer.OwnBytes;
        while (!TryWriteNewest(requestId, key.Span, room, out var length))
        {
            room = length;
            await ReserveAsync(ResultCodec.FoundBytesMax + (long)length, ErrorCode.ValueTooLarge);
        }

        return default;
    }

    private bool TryWriteNewest(uint requestId, ReadOnlySpan<byte> key, int room, out int length)
    {
        var frames = answers.Frames;
        var start = answers.Begin(Opcode.Get, requestId);
        var result = ResultCodec.BeginFound(frames);
        var read = dispatcher.Get(key, frames, new ReadBounds(room, MayWait: true), out var info, Origin);
        length = info.ValueLength;
        if (read == PointRead.TooLong)
        {
            frames.Truncate(start);
            return false;
        }

        ResultCodec.EndFound(frames, result, read == PointRead.Found, info.Version, info.ExpiresAtMillis, info.ContentType);
        answers.End(start);
        return true;
    }

    private async Task<DecodeFault> GetManyAsync(Frame frame, RequestFields fields)
    {
        var keys = new List<ReadOnlyMemory<byte>>();
        if (!RequestDecoder.TryReadGetMany(in frame, keys, out var fault))
        {
            return fault;
        }

        // Measured first: the values of many keys may be far more than memory.
        using var borrowed = Borrow(fields.Snapshot);
        var bytes = borrowed.Lease.Use(keys, static (snapshot, keys) =>
            keys.Sum(key => ResultCodec.FoundBytesMax + (long)LengthOf(snapshot, key.Span)));
        await ReserveAsync(bytes, ErrorCode.BatchTooLarge);
        borrowed.Lease.Use((answers, keys, frame.RequestId), static (snapshot, call) =>
        {
            var start = call.answers.Begin(Opcode.GetMany, call.RequestId);
            call.answers.Frames.WriteUInt32((uint)call.keys.Count);
            foreach (var key in call.keys)
            {
                WriteFound(call.answers.Frames, snapshot, key.Span);
            }

            call.answers.End(start, snapshot.Version);
            return true;
        });
        return default;
    }

    private async Task<DecodeFault> ScanPageAsync(Frame frame, RequestFields fields)
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
        using var pager = new ScanPager(borrowed.Lease, in bounded, answers);
        await answers.ReserveAsync(pager.Measure(bounded.LimitBytes.Value, bounded.Limit.Value));
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
            var pager = new ScanPager(borrowed.Lease, in own, answers);
            var scan = new StreamedScan(pager, borrowed.Lease, borrowed.IsOwned, chunkBytes, request.Credit);
            var chunks = new AnswerBuffer(new SendBuffer(dispatcher.Budgets.LargeAnswers)) { Position = answers.Position };
            streams.Start(frame.RequestId, new ScanStream(frame.RequestId, in scan, chunks, sender));
            return default;
        }
        catch
        {
            borrowed.Dispose();
            throw;
        }
    }

    private DecodeFault BeginWatch(in Frame frame, in RequestFields fields)
    {
        if (!WatchRequest.TryRead(in frame, out var request, out var fault))
        {
            return fault;
        }

        // The stream outlives the receive buffer that the request lies in.
        streams.ThrowIfFull(frame.RequestId);
        var own = request with { Range = new KeyRange(request.Range.From.ToArray(), Own(request.Range.To)) };
        var options = new WatchOptions { Range = own.Range, Since = own.Since, KeysOnly = own.KeysOnly };
        var deadline = dispatcher.DeadlineAfter(fields.DeadlineMillis);
        var chunks = new AnswerBuffer(new SendBuffer(dispatcher.Budgets.LargeAnswers)) { FrameBytesMax = answers.FrameBytesMax };
        streams.Start(frame.RequestId, new WatchStream(
            frame.RequestId, own, stop => dispatcher.WatchAsync(options, deadline, stop), chunks, sender, dispatcher.Time));
        return default;
    }

    private DecodeFault Count(in Frame frame, in RequestFields fields)
    {
        if (!RequestDecoder.TryReadCountRange(in frame, out var range, out var fault))
        {
            return fault;
        }

        using var borrowed = Borrow(fields.Snapshot);
        var keys = borrowed.Lease.Use(range, static (snapshot, range) => snapshot.Count(in range));
        ResponseEncoder.WriteCount(answers.Frames, frame.RequestId, keys, answers.PositionOf(borrowed.Lease.Version));
        return default;
    }

    private async Task<DecodeFault> DigestAsync(Frame frame, RequestFields fields)
    {
        if (!DigestRequest.TryRead(in frame, out var request, out var fault))
        {
            return fault;
        }

        using var borrowed = Borrow(fields.Snapshot);
        var digester = new RangeDigester(borrowed.Lease);
        await answers.ReserveAsync(RangeDigester.AnswerBytesMax(in request));
        if (request.ListKeys)
        {
            DigestCodec.Write(answers.Frames, frame.RequestId, digester.ListKeys(in request));
        }
        else
        {
            DigestCodec.Write(answers.Frames, frame.RequestId, digester.DigestParts(in request));
        }

        return default;
    }

    private DecodeFault OpenSnapshot(in Frame frame)
    {
        if (RequestDecoder.TryReadEmpty(in frame, out var fault))
        {
            var lease = snapshots.Open();
            ResponseEncoder.WriteSnapshot(answers.Frames, frame.RequestId, lease.Id, lease.Version, answers.Position is not null);
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

    private DecodeFault SlowLog(in Frame frame)
    {
        if (RequestDecoder.TryReadSlowLog(in frame, out var most, out var fault))
        {
            // One frame holds as many as fit, and no more than a connection may hold of its own.
            var entries = dispatcher.SlowLog.Newest((int)Math.Min(most, SendBuffer.OwnBytes / SlowLogCodec.EntryBytesMax));
            SlowLogCodec.Write(answers.Frames, frame.RequestId, entries);
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
        ResultCodec.EndFound(frames, result, found, info.Version, info.ExpiresAtMillis, info.ContentType);
    }

    private static int LengthOf(IEngineSnapshot snapshot, ReadOnlySpan<byte> key) =>
        snapshot.TryGet(key, null, out var info) ? info.ValueLength : 0;

    /// <summary>Makes sure that an answer with results of so many bytes may be written.</summary>
    private ValueTask ReserveAsync(long resultBytes, ErrorCode code)
    {
        var bytes = answers.HeadBytes + CountBytes + resultBytes;
        answers.ThrowIfTooLong(bytes, code);
        return answers.ReserveAsync(bytes);
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
