using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Responses;

namespace Kvs.Server.Doors.Tcp;

/// <summary>
/// The answers that wait to be sent, and the rule that no frame is longer than the client takes: an answer that would
/// be
/// is replaced by an error. Threading: one thread at a time. Ownership: of its buffer.
/// </summary>
internal sealed class AnswerBuffer
{
    /// <summary>Size up to which the buffer is kept for the next burst.</summary>
    private const int BytesKept = 64 * 1024;

    /// <summary>The frames.</summary>
    internal FrameBuffer Frames { get; } = new();

    /// <summary>Longest frame that the client takes.</summary>
    internal int FrameBytesMax { get; set; } = Limits.FrameBytesMax;

    /// <summary>Bytes that wait.</summary>
    internal int Length => Frames.Length;

    /// <summary>Forgets what has been sent.</summary>
    internal void Clear() => Frames.Clear(BytesKept);

    /// <summary>Answers with success and nothing else.</summary>
    /// <param name="opcode">Opcode of the request.</param>
    /// <param name="requestId">Its id.</param>
    internal void WriteOk(Opcode opcode, uint requestId) => ResponseEncoder.WriteOk(Frames, opcode, requestId);

    /// <summary>Answers with an error.</summary>
    /// <param name="opcode">Opcode of the request.</param>
    /// <param name="requestId">Its id.</param>
    /// <param name="error">The error.</param>
    internal void WriteError(Opcode opcode, uint requestId, in ErrorResponse error) =>
        error.WriteTo(Frames, opcode, requestId);

    /// <summary>Answers a request that an engine has completed.</summary>
    /// <param name="opcode">Opcode of the request.</param>
    /// <param name="requestId">Its id.</param>
    /// <param name="request">The request.</param>
    /// <param name="values">What the values of its results lie in.</param>
    internal void WriteCompleted(Opcode opcode, uint requestId, WriteRequest request, ReadOnlySpan<byte> values)
    {
        var start = Frames.Length;
        ResponseEncoder.WriteCompleted(Frames, opcode, requestId, request, values);
        var outcome = Opcodes.IsWrite(opcode) ? WriteOutcome.Applied : WriteOutcome.NotApplied;
        Seal(start, opcode, requestId, outcome);
    }

    /// <summary>Judges the frame that was written last: one that is too long becomes an error.</summary>
    /// <param name="start">Where it begins.</param>
    /// <param name="opcode">Opcode of the request.</param>
    /// <param name="requestId">Its id.</param>
    /// <param name="outcome">What is true of the request although its answer cannot be given.</param>
    internal void Seal(int start, Opcode opcode, uint requestId, WriteOutcome outcome = WriteOutcome.NotApplied)
    {
        var length = Frames.Length - start;
        if (length <= FrameBytesMax)
        {
            return;
        }

        Frames.Truncate(start);
        var code = Opcodes.IsOperation(opcode) ? ErrorCode.ValueTooLarge : ErrorCode.BatchTooLarge;
        WriteError(opcode, requestId, new ErrorResponse(
            code, outcome, $"The answer has {length} bytes, the limit of this connection is {FrameBytesMax}."));
    }

    /// <summary>Writes the last frame of a connection.</summary>
    /// <param name="requestId">The id of the frame that was refused; 0 when unknown or none.</param>
    /// <param name="error">Why it is closed.</param>
    internal void WriteClosing(uint requestId, in ErrorResponse error) => error.WriteClosing(Frames, requestId);
}
