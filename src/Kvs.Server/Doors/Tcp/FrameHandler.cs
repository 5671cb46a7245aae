using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;

namespace Kvs.Server.Doors.Tcp;

/// <summary>What is left to do for a frame.</summary>
internal enum FrameStep
{
    /// <summary>Nothing: answered, or in the burst.</summary>
    Done,

    /// <summary>It may take long: commit the burst, then run it on the thread pool.</summary>
    Slow,

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
internal sealed class FrameHandler(RequestDispatcher dispatcher, Burst burst, AnswerBuffer answers)
{
    /// <summary>The client of the handshake, for retries that name no other.</summary>
    internal ulong ClientId { get; set; }

    /// <summary>Why the connection is closed, after <see cref="FrameStep.Close"/>.</summary>
    internal DecodeFault Fault { get; private set; }

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

        switch (frame.Opcode)
        {
            case Opcode.Get or Opcode.Stat when fields.Snapshot != 0:
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
            burst.AddRefused(in frame, in fault);
        }

        return FrameStep.Done;
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
            if (frame.Opcode == Opcode.Get)
            {
                Get(operation.Key.Span, frame.RequestId);
            }
            else
            {
                ResponseEncoder.WriteStat(answers.Frames, frame.RequestId, dispatcher.Stat(operation.Key.Span));
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
    private void Get(ReadOnlySpan<byte> key, uint requestId)
    {
        var frames = answers.Frames;
        var start = ResponseEncoder.Begin(frames, Opcode.Get, requestId);
        var result = ResultCodec.BeginFound(frames);
        var found = dispatcher.TryGet(key, frames, out var info);
        ResultCodec.EndFound(frames, result, found, info.Version, info.ExpiresAtMillis);
        frames.EndFrame(start);
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
        burst.Add(in frame, request);
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
            burst.AddOk(in frame);
        }

        return FrameStep.Done;
    }
}
