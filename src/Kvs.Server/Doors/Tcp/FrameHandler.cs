using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;
using Kvs.Server.Doors.Sessions;

namespace Kvs.Server.Doors.Tcp;

/// <summary>What is left to do for a frame.</summary>
internal enum FrameStep
{
    /// <summary>Nothing: answered, or in the burst.</summary>
    Done,

    /// <summary>It may take long, or needs much room: commit the burst, then run it on the thread pool.</summary>
    Slow,

    /// <summary>It would wait for a disk: handle it again, as one that may wait, on the thread pool.</summary>
    Wait,

    /// <summary>It belongs to a stream of this connection.</summary>
    Stream,

    /// <summary>The peer broke the protocol: answer what is in the burst, say why, close.</summary>
    Close,
}

/// <summary>
/// Does what can be done at once for one frame: point reads are answered while no write of the connection waits,
/// everything else that is short goes into the burst in its turn. Straight-line and without waiting.
/// Threading: one thread at a time.
/// </summary>
/// <param name="dispatcher">The way to the engine.</param>
/// <param name="burst">Writes, and what must follow them.</param>
/// <param name="answers">Answers of reads.</param>
/// <param name="access">For whom the session speaks.</param>
internal sealed class FrameHandler(
    RequestDispatcher dispatcher, Burst<FrameAnswer> burst, AnswerBuffer answers, SessionAccess access)
{
    /// <summary>The client of the handshake, for retries that name no other.</summary>
    internal ulong ClientId { get; set; }

    /// <summary>Whether reads may wait for a disk: on the thread pool.</summary>
    internal bool MayWait { get; set; }

    /// <summary>Why the connection is closed, after <see cref="FrameStep.Close"/> or a failed handshake.</summary>
    internal DecodeFault Fault { get; set; }

    /// <summary>Handles a frame.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="fields">Its optional fields, for what is left to do.</param>
    /// <returns>What is left to do.</returns>
    internal FrameStep Handle(in Frame frame, out RequestFields fields)
    {
        if (!RequestDecoder.TryReadHeader(in frame, out fields, out var fault))
        {
            return Refuse(in frame, in fault);
        }

        if (OpcodeRoles.Of(frame.Opcode) is { } needed && access.Judge(needed) is var code and not ErrorCode.None)
        {
            return Refuse(in frame, new DecodeFault(code, access.TextOf(code, needed)));
        }

        if (fields.AtLeast != KvsVersion.None && !TryJudgePosition(in frame, in fields, out fault))
        {
            return Refuse(in frame, in fault);
        }

        switch (frame.Opcode)
        {
            case Opcode.Get or Opcode.Stat when fields.Snapshot != 0 || !MayReadNow(in fields):
                return FrameStep.Slow;
            case Opcode.Get or Opcode.Stat when burst.IsEmpty:
                return Read(in frame);
            case Opcode.Get or Opcode.Stat or Opcode.Batch or (>= Opcode.Set and <= Opcode.Persist):
                return Queue(in frame, in fields);
            case Opcode.Ping:
                return Ping(in frame);
            case Opcode.ScanCredit or Opcode.ScanCancel:
                return FrameStep.Stream;
            case Opcode.Hello:
                return Refuse(in frame, DecodeFault.Malformed("The handshake is done once, at the beginning."));
            default:
                return FrameStep.Slow;
        }
    }

    /// <summary>Refuses a frame: by an answer in its turn, or by the end of the connection.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="fault">Why.</param>
    /// <returns>What is left to do.</returns>
    internal FrameStep Refuse(in Frame frame, in DecodeFault fault)
    {
        if (fault.ClosesConnection)
        {
            Fault = fault;
            return FrameStep.Close;
        }

        if (burst.IsEmpty)
        {
            answers.WriteError(frame.Opcode, frame.RequestId, ErrorResponse.From(in fault));
        }
        else
        {
            burst.AddRefused(AnswerTo(in frame), fault.Code, fault.Text);
        }

        return FrameStep.Done;
    }

    private static FrameAnswer AnswerTo(in Frame frame) => new(frame.Opcode, frame.RequestId);

    // Behind writes of the burst a read that may not be stale is judged with them, where the primary is.
    private bool MayReadNow(in RequestFields fields) => dispatcher.Cluster is not { } cluster
        || cluster.IsFresh(fields.Consistency, fields.AtLeast)
        || (!burst.IsEmpty && fields is { Consistency: Consistency.Linearizable } && fields.AtLeast == KvsVersion.None);

    /// <summary>A cluster may wait for a position; a server of its own has it or never will.</summary>
    private bool TryJudgePosition(in Frame frame, in RequestFields fields, out DecodeFault fault)
    {
        fault = default;
        if (!Opcodes.IsRead(frame.Opcode) || fields.Snapshot != 0)
        {
            fault = new DecodeFault(
                ErrorCode.InvalidArgument, "Only a read of the newest state can ask for a position that it must show.");
        }
        else if (dispatcher.Cluster is null)
        {
            var code = dispatcher.JudgePosition(fields.AtLeast);
            fault = code == ErrorCode.None ? default : new DecodeFault(code, dispatcher.PositionText(code, fields.AtLeast));
        }

        return fault.Code == ErrorCode.None;
    }

    private FrameStep Read(in Frame frame)
    {
        if (!RequestDecoder.TryReadOperation(in frame, out var operation, out var fault))
        {
            return Refuse(in frame, in fault);
        }

        var start = answers.Length;
        try
        {
            var step = frame.Opcode == Opcode.Get
                ? Get(operation.Key.Span, frame.RequestId)
                : Stat(operation.Key.Span, frame.RequestId);
            if (step != FrameStep.Done)
            {
                answers.Frames.Truncate(start);
                return step;
            }
        }
        catch (KvsException failure)
        {
            // Damaged data: the answer that was begun is taken back. The connection goes on.
            answers.Frames.Truncate(start);
            answers.WriteError(frame.Opcode, frame.RequestId,
                new ErrorResponse(failure.Code, failure.Outcome, failure.Message));
        }

        answers.Seal(start, frame.Opcode, frame.RequestId);
        return FrameStep.Done;
    }

    /// <summary>The value is copied once: from the engine into the bytes that are sent.</summary>
    private FrameStep Get(ReadOnlySpan<byte> key, uint requestId)
    {
        var frames = answers.Frames;
        var start = answers.Begin(Opcode.Get, requestId);
        var result = ResultCodec.BeginFound(frames);
        var read = dispatcher.Get(key, frames, new ReadBounds(SendBuffer.OwnBytes, MayWait), out var info, burst.Origin);
        if (read is PointRead.TooLong or PointRead.WouldWait)
        {
            return read == PointRead.TooLong ? FrameStep.Slow : FrameStep.Wait;
        }

        ResultCodec.EndFound(frames, result, read == PointRead.Found, info.Version, info.ExpiresAtMillis, info.ContentType);
        answers.End(start);
        return FrameStep.Done;
    }

    private FrameStep Stat(ReadOnlySpan<byte> key, uint requestId)
    {
        if (!dispatcher.TryStat(key, MayWait, out var result, burst.Origin))
        {
            return FrameStep.Wait;
        }

        ResponseEncoder.WriteStat(answers.Frames, requestId, in result, answers.PositionOf());
        return FrameStep.Done;
    }

    private FrameStep Queue(in Frame frame, in RequestFields fields)
    {
        var request = burst.Rent();
        if (!RequestDecoder.TryReadWrite(in frame, in fields, request, out var fault))
        {
            burst.Return(request);
            return Refuse(in frame, in fault);
        }

        if (fields.Snapshot != 0)
        {
            burst.Return(request);
            return Refuse(in frame, new DecodeFault(ErrorCode.InvalidArgument, "A write cannot name a snapshot."));
        }

        if (request is { RequestNumber: not 0, ClientId: 0 })
        {
            request.ClientId = ClientId;
        }

        request.Deadline = dispatcher.DeadlineAfter(fields.DeadlineMillis);
        burst.Add(AnswerTo(in frame), request, frame.Length);
        return FrameStep.Done;
    }

    private FrameStep Ping(in Frame frame)
    {
        if (!RequestDecoder.TryReadEmpty(in frame, out var fault))
        {
            return Refuse(in frame, in fault);
        }

        if (burst.IsEmpty)
        {
            answers.WriteOk(frame.Opcode, frame.RequestId);
        }
        else
        {
            burst.AddOther(AnswerTo(in frame));
        }

        return FrameStep.Done;
    }
}
