using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Cluster;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;
using Kvs.Server.Doors.Sessions;

namespace Kvs.Server.Doors.Tcp;

/// <summary>
/// One connection of the binary protocol: the handshake, frames to operations, results to frames. How it lives is its
/// <see cref="SessionLoop{TAnswer}"/>'s. Threading: the loop's; the door ends it from any thread.
/// Ownership: of its snapshots and streams.
/// </summary>
internal sealed class TcpSession : ISession, IWire<FrameAnswer>
{
    private static readonly DecodeFault _noTls = DecodeFault.Malformed("The client speaks TLS, and this port does not (--tls-cert).");

    private readonly TcpDoor _door;
    private readonly IConnection _connection;
    private readonly SessionLoop<FrameAnswer> _loop;
    private readonly AnswerBuffer _answers;
    private readonly SessionSnapshots _snapshots;
    private readonly SessionStreams _streams;
    private readonly FrameHandler _handler;
    private readonly SlowRequests _slow;
    private Frame _frame;
    private RequestFields _fields;
    private bool _isHandedOver; // Volatile: the connection is somebody else's

    /// <summary>Creates it; <see cref="RunAsync"/> runs it.</summary>
    /// <param name="door">The door.</param>
    /// <param name="connection">The connection. Ownership: this object's.</param>
    internal TcpSession(TcpDoor door, IConnection connection)
    {
        var dispatcher = door.Context.Dispatcher;
        _door = door;
        _connection = connection;
        _loop = new SessionLoop<FrameAnswer>(door.Context, connection, this);
        _answers = new AnswerBuffer(_loop.Answers);
        _snapshots = new SessionSnapshots(dispatcher.Snapshots);
        _streams = new SessionStreams(OnStreamBroken);
        _handler = new FrameHandler(dispatcher, _loop.Burst, _answers, _loop.Access);
        var auth = new AuthRequests(_loop.Access, connection.RemoteAddress, _answers);
        _slow = new SlowRequests(dispatcher, _snapshots, _streams, _answers, _loop.Sender, auth) { Origin = _loop.Burst.Origin };
    }

    /// <inheritdoc/>
    int IWire<FrameAnswer>.NeededBytes => _frame.Length;

    /// <inheritdoc/>
    bool IWire<FrameAnswer>.IsBusy => !_streams.IsEmpty;

    /// <summary>A stranger cannot make the receiver keep more than a handshake takes.</summary>
    private int FrameBytesMax =>
        _loop.Access.IsKnown ? _door.Context.Options.FrameBytesMax : FrameLayout.HelloFrameBytesMax;

    /// <inheritdoc/>
    public Task RunAsync() => _loop.RunAsync();

    /// <summary>
    /// Tells the client why there is no room for it, and closes. Another node needs no room among the clients: in a
    /// cluster the first bytes are looked at before.
    /// </summary>
    public Task RefuseAsync() => _loop.RefuseAsync(async () =>
    {
        while (_door.AcceptLink is not null && _loop.Receiver.Received.Length <= LinkLayout.OpcodeOffset)
        {
            if (!await _loop.Receiver.ReceiveAsync(0))
            {
                return false;
            }
        }

        return !TryHandOver();
    });

    /// <inheritdoc/>
    public bool TryEnd(EndReason reason) => _loop.TryEnd(reason);

    /// <inheritdoc/>
    public long EndOverdue() => _loop.EndOverdue(Abort);

    /// <inheritdoc/>
    public void Abort()
    {
        if (!Volatile.Read(ref _isHandedOver))
        {
            _connection.Dispose();
        }
    }

    /// <inheritdoc/>
    async ValueTask<bool> IWire<FrameAnswer>.BeginAsync()
    {
        var receiver = _loop.Receiver;
        while (!TryHandOver())
        {
            var status = FrameDecoder.TryRead(
                receiver.Received, FrameLayout.HelloFrameBytesMax, out _frame, out var fault);
            if (status == FrameStatus.NeedMore)
            {
                if (!await receiver.ReceiveAsync(_frame.Length))
                {
                    _loop.NoteClosed();
                    return false;
                }

                continue;
            }

            if (status == FrameStatus.Refused || !Hello.TryRead(in _frame, out var hello, out var version, out fault))
            {
                _handler.Fault = receiver.Received.Span is [0x16, 0x03, ..] ? _noTls : fault;
                await _loop.CloseAsync();
                return false;
            }

            _loop.Access.Recognize();
            _handler.ClientId = hello.ClientId;
            _answers.Position = hello.Features.HasFlag(Features.Positions) ? () => _door.Context.Dispatcher.Position : null;
            _answers.FrameBytesMax = _door.AnswerBytesMax(hello.FrameBytesMax);
            _door.Acknowledge(version).Write(_answers.Frames, _frame.RequestId);
            receiver.IsReady = _loop.Access.IsKnown;
            receiver.Consume(_frame.Length);
            return true;
        }

        return false;
    }

    /// <inheritdoc/>
    ReadStop IWire<FrameAnswer>.Read(bool mayWait)
    {
        _handler.MayWait = mayWait;
        while (_loop.HasRoom)
        {
            switch (FrameDecoder.TryRead(_loop.Receiver.Received, FrameBytesMax, out _frame, out var fault))
            {
                case FrameStatus.NeedMore:
                    return ReadStop.NeedMore;
                case FrameStatus.Refused:
                    _handler.Fault = IsTooLongForStranger(in fault)
                        ? new DecodeFault(ErrorCode.Unauthenticated, $"{SessionAccess.UnknownText} {fault.Text}")
                        : fault;
                    return ReadStop.Close;
            }

            var step = _handler.Handle(in _frame, out _fields);
            if (step == FrameStep.Wait)
            {
                return ReadStop.Wait;
            }

            _loop.Receiver.Consume(_frame.Length);
            if (step == FrameStep.Stream)
            {
                step = _streams.TryHandle(in _frame, out var refused)
                    ? FrameStep.Done
                    : _handler.Refuse(in _frame, in refused);
            }

            if (step != FrameStep.Done)
            {
                return step == FrameStep.Slow ? ReadStop.Slow : ReadStop.Close;
            }
        }

        return ReadStop.Full;
    }

    /// <inheritdoc/>
    async Task<ReadStop> IWire<FrameAnswer>.RunSlowAsync()
    {
        var fault = await _slow.RunAsync(_frame, _fields);
        _loop.Receiver.IsReady |= _loop.Access.IsKnown;
        return fault.Code == ErrorCode.None || _handler.Refuse(in _frame, in fault) == FrameStep.Done
            ? ReadStop.Full
            : ReadStop.Close;
    }

    /// <inheritdoc/>
    void IWire<FrameAnswer>.WriteAnswer(in FrameAnswer answer, WriteRequest? request, ReadOnlySpan<byte> values)
    {
        if (request is null)
        {
            _answers.WriteOk(answer.Opcode, answer.RequestId);
        }
        else
        {
            _answers.WriteCompleted(answer.Opcode, answer.RequestId, request, values);
        }
    }

    /// <inheritdoc/>
    bool IWire<FrameAnswer>.IsRead(in FrameAnswer answer, WriteRequest request) =>
        answer.Opcode is Opcode.Get or Opcode.Stat;

    /// <inheritdoc/>
    Task IWire<FrameAnswer>.AnswerLeftAsync(FrameAnswer answer, WriteRequest read) => _slow.AnswerLeftAsync(answer, read);

    /// <inheritdoc/>
    string? IWire<FrameAnswer>.Refusal(long bytes) =>
        bytes > _answers.FrameBytesMax ? _answers.TooLong(bytes) : null;

    /// <inheritdoc/>
    void IWire<FrameAnswer>.Fail(KvsException failure) => _handler.Fault = new DecodeFault(failure.Code, failure.Message);

    /// <inheritdoc/>
    string? IWire<FrameAnswer>.WriteLast()
    {
        _answers.WriteClosing(_frame.RequestId, ErrorResponse.From(_handler.Fault));
        return _handler.Fault.Text;
    }

    /// <inheritdoc/>
    ReadOnlyMemory<byte> IWire<FrameAnswer>.Goodbye(EndReason reason)
    {
        var (code, text) = reason switch
        {
            EndReason.Idle => (ErrorCode.DeadlineExceeded, "The connection was idle for too long (idle-timeout)."),
            EndReason.Partial => (ErrorCode.DeadlineExceeded,
                "The frame that was begun did not arrive in time (frame-timeout)."),
            EndReason.TakenBack => (ErrorCode.Unauthenticated, SessionAccess.TakenBackText),
            EndReason.TooMany => (ErrorCode.TooManyConnections,
                "The server has as many connections as it is allowed to have (connections-max)."),
            _ => (ErrorCode.ShuttingDown, "The server is stopping. Connect again later."),
        };
        var last = new FrameBuffer();
        new ErrorResponse(code, WriteOutcome.NotApplied, text).WriteClosing(last, 0);
        return last.Written;
    }

    /// <inheritdoc/>
    long IWire<FrameAnswer>.Rest()
    {
        _frame = default;
        _fields = default;
        return 0;
    }

    /// <inheritdoc/>
    async ValueTask IWire<FrameAnswer>.EndAsync()
    {
        Abort();
        await _streams.StopAsync();
        _snapshots.EndAll();
    }

    private bool IsTooLongForStranger(in DecodeFault fault) =>
        !_loop.Access.IsKnown && fault.Code == ErrorCode.FrameTooLarge;

    /// <summary>Gives the connection away when it is another node that speaks on it.</summary>
    private bool TryHandOver()
    {
        var received = _loop.Receiver.Received;
        if (!LinkLayout.BeginsLink(received.Span) || _door.AcceptLink is not { } accept)
        {
            return false;
        }

        Volatile.Write(ref _isHandedOver, true);
        accept(_connection, received.ToArray());
        return true;
    }

    private void OnStreamBroken(Exception bug)
    {
        _door.Context.Log.SessionFailed(bug, _connection.RemoteAddress);
        Abort();
    }
}
