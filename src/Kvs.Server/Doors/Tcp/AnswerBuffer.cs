using Kvs.Core.Buffers;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Responses;

namespace Kvs.Server.Doors.Tcp;

/// <summary>
/// The answers that wait to be sent, and two rules. No frame is longer than the client takes: an answer that would be
/// is replaced by an error. And no answer with large values is written before its bytes are taken from the budget that
/// all connections share; they are given back when it has been sent. Who waits for that budget holds none of it, and
/// who holds some waits for nothing but the engine and its own client, whom a time limit ends.
/// Threading: one thread at a time. Ownership: of its buffer and its share of the budget.
/// </summary>
/// <param name="budget">Bytes of large answers that all connections share.</param>
internal sealed class AnswerBuffer(ByteBudget budget)
{
    /// <summary>What each buffer may hold without asking, and keeps for the next burst.</summary>
    internal const int OwnBytes = 64 * 1024;

    private long _held;

    /// <summary>The frames.</summary>
    internal FrameBuffer Frames { get; } = new();

    /// <summary>Longest frame that the client takes.</summary>
    internal int FrameBytesMax { get; set; } = Limits.FrameBytesMax;

    /// <summary>Tells the position that an answer is given beside; null for a client that did not ask for it.</summary>
    internal Func<KvsVersion>? Position { get; set; }

    /// <summary>Bytes of a frame before the body of its answer.</summary>
    internal int HeadBytes => FrameLayout.HeaderBytes + (Position is null ? 0 : ResponseFields.PositionBytes);

    /// <summary>Bytes that wait.</summary>
    internal int Length => Frames.Length;

    /// <summary>Makes sure that an answer of so many bytes may be written, before it is; waits for them.</summary>
    /// <param name="bytes">How many. More than the whole budget is given to one buffer alone.</param>
    internal ValueTask ReserveAsync(long bytes) =>
        bytes <= Math.Max(OwnBytes, _held) ? ValueTask.CompletedTask : AcquireAsync(bytes);

    /// <summary>Refuses an answer that the client would not take, before it is written.</summary>
    /// <param name="bytes">Its length.</param>
    /// <param name="code">The code of the refusal.</param>
    /// <exception cref="KvsException">It is longer than the limit.</exception>
    internal void ThrowIfTooLong(long bytes, ErrorCode code)
    {
        if (bytes > FrameBytesMax)
        {
            throw new KvsException(code, TooLong(bytes));
        }
    }

    /// <summary>Forgets what has been sent, to write more of the same size.</summary>
    internal void Empty() => Frames.Clear(int.MaxValue);

    /// <summary>Forgets what has been sent, and gives large memory and its share of the budget back.</summary>
    internal void Clear()
    {
        Frames.Clear(OwnBytes);
        if (_held > 0)
        {
            budget.Release(_held);
            _held = 0;
        }
    }

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
    /// <param name="bytes">Its length.</param>
    internal string TooLong(long bytes) =>
        $"The answer has {bytes} bytes, the limit of this connection is {FrameBytesMax}.";

    private async ValueTask AcquireAsync(long bytes)
    {
        Check.That(Length == 0); // what was written before would be held back, and more than was asked for
        Clear();
        await budget.AcquireAsync(bytes);
        _held = bytes;
    }
}
