using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Protocol.Responses;

/// <summary>
/// The body of a response whose code is not 0, and of the frame that the server sends before it closes a connection.
/// Bytes behind the known ones are skipped, so that it may grow:
/// <code>
/// u16 code   u8 outcome   u8 flags: bit 0 retryable   i32 failed operation, -1 for none
/// u64 epoch, u64 sequence: version of the failed operation's key   u16 length, text
/// </code>
/// </summary>
internal readonly record struct ErrorResponse
{
    private const byte RetryableBit = 0x01;

    /// <summary>Creates it, with no failed operation.</summary>
    /// <param name="code">Why.</param>
    /// <param name="outcome">What is known of the write; not applied for a read.</param>
    /// <param name="text">What happened, for people.</param>
    internal ErrorResponse(ErrorCode code, WriteOutcome outcome, string text)
    {
        Code = code;
        Outcome = outcome;
        Text = text;
        FailedIndex = -1;
        Retryable = IsRetryable(code);
    }

    /// <summary>The stable code; may be one that this side does not know.</summary>
    internal ErrorCode Code { get; init; }

    /// <summary>What is known of the write.</summary>
    internal WriteOutcome Outcome { get; init; }

    /// <summary>Whether the same request may succeed later, unchanged.</summary>
    internal bool Retryable { get; init; }

    /// <summary>The operation of the batch that failed, or -1.</summary>
    internal int FailedIndex { get; init; }

    /// <summary>Version of that operation's key; none when it is missing.</summary>
    internal KvsVersion FailedVersion { get; init; }

    /// <summary>What happened, for people.</summary>
    internal string Text { get; init; }

    /// <summary>What stands beside the body: the primary, where there is one to go to; the position.</summary>
    internal ResponseFields Fields { get; init; }

    /// <summary>Whether the same request may succeed later, unchanged.</summary>
    /// <param name="code">The code.</param>
    /// <returns>True for what passes by itself.</returns>
    internal static bool IsRetryable(ErrorCode code) => code
        is ErrorCode.Overloaded
        or ErrorCode.DeadlineExceeded
        or ErrorCode.DiskFull
        or ErrorCode.ShuttingDown
        or ErrorCode.OutcomeUnknown
        or ErrorCode.Unreachable
        or ErrorCode.TooManyConnections
        or ErrorCode.NotPrimary
        or ErrorCode.NotEnoughReplicas
        or ErrorCode.NoLease
        or ErrorCode.TooStale;

    /// <summary>The answer to bytes that were refused: nothing of them was applied.</summary>
    /// <param name="fault">Why they were refused.</param>
    /// <returns>The error.</returns>
    internal static ErrorResponse From(in DecodeFault fault) => new(fault.Code, WriteOutcome.NotApplied, fault.Text);

    /// <summary>The answer to a request that failed.</summary>
    /// <param name="failure">Why.</param>
    /// <returns>The error.</returns>
    internal static ErrorResponse From(KvsException failure) => new(failure.Code, failure.Outcome, failure.Message)
    {
        Fields = new ResponseFields { Primary = (failure as KvsNotPrimaryException)?.PrimaryAddress },
    };

    /// <summary>The answer to a write that failed.</summary>
    /// <param name="request">The write, completed, with a code.</param>
    /// <returns>The error.</returns>
    internal static ErrorResponse From(WriteRequest request) => new(request.Code, request.Outcome, request.Message ?? "")
    {
        FailedIndex = request.FailedIndex,
        FailedVersion = request.FailedVersion,
        Fields = new ResponseFields { Primary = request.PrimaryAddress },
    };

    /// <summary>Reads it.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="error">The error.</param>
    /// <returns>False when it is malformed.</returns>
    internal static bool TryRead(in Frame frame, out ErrorResponse error)
    {
        var reader = new FrameReader(frame.Body);
        var whole = ResponseFields.TryRead(frame.Fields, out var fields);
        error = new ErrorResponse
        {
            Code = (ErrorCode)reader.ReadUInt16(),
            Outcome = (WriteOutcome)reader.ReadByte(),
            Retryable = (reader.ReadByte() & RetryableBit) != 0,
            FailedIndex = (int)reader.ReadUInt32(),
            FailedVersion = reader.ReadVersion(),
            Text = reader.ReadText(),
            Fields = fields,
        };
        return whole && !reader.Failed && error.Code != ErrorCode.None && error.Outcome <= WriteOutcome.Unknown;
    }

    /// <summary>Writes it as the answer to a request.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="request">The opcode of the request.</param>
    /// <param name="requestId">Its id.</param>
    internal void WriteTo(FrameBuffer target, Opcode request, uint requestId) =>
        Write(target, Opcodes.ResponseTo(request), requestId);

    /// <summary>
    /// Writes it as the last frame of a connection. Its outcome holds for every request that is not answered yet.
    /// </summary>
    /// <param name="target">The buffer.</param>
    /// <param name="requestId">The id of the frame that was refused; 0 when unknown or none.</param>
    internal void WriteClosing(FrameBuffer target, uint requestId) => Write(target, Opcode.Error, requestId);

    private void Write(FrameBuffer target, Opcode opcode, uint requestId)
    {
        Check.That(Code != ErrorCode.None);
        var start = target.BeginFrame(opcode, requestId);
        Fields.Write(target, start);
        target.WriteUInt16((ushort)Code);
        target.WriteByte((byte)Outcome);
        target.WriteByte(Retryable ? RetryableBit : (byte)0);
        target.WriteUInt32((uint)FailedIndex);
        target.WriteVersion(FailedVersion);
        target.WriteText(Text);
        target.EndFrame(start);
    }
}
