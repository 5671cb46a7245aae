using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Responses;
using Kvs.Server.Doors.Sessions;

namespace Kvs.Server.Doors.Tcp;

/// <summary>
/// The answers of the binary protocol that wait to be sent, and a rule: no frame is longer than the client takes; an
/// answer that would be is replaced by an error. Threading: one thread at a time. Ownership: of its bytes.
/// </summary>
/// <param name="bytes">The bytes that wait.</param>
internal sealed class AnswerBuffer(SendBuffer bytes)
{
    /// <summary>The frames.</summary>
    internal FrameBuffer Frames => bytes.Frames;

    /// <summary>Longest frame that the client takes.</summary>
    internal int FrameBytesMax { get; set; } = Limits.FrameBytesMax;

    /// <summary>Tells the position that an answer is given beside; null for a client that did not ask for it.</summary>
    internal Func<KvsVersion>? Position { get; set; }

    /// <summary>Bytes of a frame before the body of its answer.</summary>
    internal int HeadBytes => FrameLayout.HeaderBytes + (Position is null ? 0 : ResponseFields.PositionBytes);

    /// <summary>Bytes that wait.</summary>
    internal int Length => bytes.Length;

    /// <inheritdoc cref="SendBuffer.ReserveAsync"/>
    internal ValueTask ReserveAsync(long length) => bytes.ReserveAsync(length);

    /// <summary>Refuses an answer that the client would not take, before it is written.</summary>
    /// <param name="length">Its length.</param>
    /// <param name="code">The code of the refusal.</param>
    /// <exception cref="KvsException">It is longer than the limit.</exception>
    internal void ThrowIfTooLong(long length, ErrorCode code)
    {
        if (length > FrameBytesMax)
        {
            throw new KvsException(code, TooLong(length));
        }
    }

    /// <inheritdoc cref="SendBuffer.Empty"/>
    internal void Empty() => bytes.Empty();

    /// <inheritdoc cref="SendBuffer.Clear"/>
    internal void Clear() => bytes.Clear();

    /// <summary>Begins the answer to a read.</summary>
    /// <param name="opcode">Opcode of the request.</param>
    /// <param name="requestId">Its id.</param>
    /// <returns>Where the frame begins, for <see cref="End"/>.</returns>
    internal int Begin(Opcode opcode, uint requestId)
    {
        // The position is known when all has been read, and stands before it.
        return ResponseEncoder.Begin(Frames, opcode, requestId, roomForPosition: Position is not null);
    }

    /// <summary>Ends the answer to a read.</summary>
    /// <param name="start">Where the frame begins.</param>
    /// <param name="read">Version of the snapshot that was read; none for the newest state.</param>
    internal void End(int start, KvsVersion read = default)
    {
        if (Position is { } newest)
        {
            ResponseFields.SetPosition(Frames, start, read == default ? newest() : read);
        }

        Frames.EndFrame(start);
    }

    /// <summary>The position to give beside an answer whose content is known; none for a client that did not ask.</summary>
    /// <param name="read">Version of the snapshot that was read; none for the newest state.</param>
    internal KvsVersion PositionOf(KvsVersion read = default) =>
        Position is not { } newest ? default : read == default ? newest() : read;

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
        ResponseEncoder.WriteCompleted(Frames, opcode, requestId, request, values, PositionOf());
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
        WriteError(opcode, requestId, new ErrorResponse(code, outcome, TooLong(length)));
    }

    /// <summary>Writes the last frame of a connection.</summary>
    /// <param name="requestId">The id of the frame that was refused; 0 when unknown or none.</param>
    /// <param name="error">Why it is closed.</param>
    internal void WriteClosing(uint requestId, in ErrorResponse error) => error.WriteClosing(Frames, requestId);

    /// <summary>Why an answer cannot be given.</summary>
    /// <param name="length">Its length.</param>
    internal string TooLong(long length) =>
        $"The answer has {length} bytes, the limit of this connection is {FrameBytesMax}.";
}
