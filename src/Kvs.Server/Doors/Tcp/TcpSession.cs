using System.Runtime.CompilerServices;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Cluster;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;

namespace Kvs.Server.Doors.Tcp;

/// <summary>
/// One connection: receives, parses in place everything that arrived, answers reads at once, hands the writes of the
/// burst to the engine as one item, answers in request order and sends once. While the engine has a burst the session
/// does not read on: that is the back-pressure, and what keeps the receive buffer still.
/// Threading: one task. It runs on whichever thread completed what it waited for: the socket's, the engine's, the
/// pool's; on the engine's it sends, and goes to the pool before it parses on, as it does before a read that would wait
/// for a disk. Ownership: of the connection and all buffers.
/// </summary>
internal sealed class TcpSession
{
    /// <summary>Answers are sent when so many bytes wait, even if more requests are there: bounds the buffer.</summary>
    private const int SendAtBytes = AnswerBuffer.OwnBytes;

    private readonly TcpDoor _door;
    private readonly IConnection _connection;
    private readonly SessionReceiver _receiver;
    private readonly AnswerBuffer _answers;
    private readonly Burst _burst;
    private readonly SessionSnapshots _snapshots;
    private readonly SessionStreams _streams;
    private readonly FrameHandler _handler;
    private readonly SlowRequests _slow;
    private Frame _frame;
    private RequestFields _fields;
    private bool _onEngineThread;
    private Task _goodbye = Task.CompletedTask;
    private bool _isHandedOver; // Volatile: the connection is somebody else's

    /// <summary>Creates it; <see cref="RunAsync"/> runs it.</summary>
    /// <param name="door">The door.</param>
    /// <param name="connection">The connection. Ownership: this object's.</param>
    internal TcpSession(TcpDoor door, IConnection connection)
    {
        _door = door;
        _connection = connection;
        Clock = new SessionClock(door.Time);
        Sender = new SessionSender(connection, door.Time);
        _answers = new AnswerBuffer(door.Budgets.LargeAnswers);
        _burst = new Burst(door.Options.SessionBytesMax);
        _receiver = new SessionReceiver(door, connection, Clock, OnWaiting);
        _snapshots = new SessionSnapshots(door.Dispatcher.Snapshots);
        _streams = new SessionStreams(OnStreamBroken);
        _handler = new FrameHandler(door.Dispatcher, _burst, _answers);
        _slow = new SlowRequests(door, _snapshots, _streams, _answers, Sender);
    }

    private enum Stop
    {
        /// <summary>No whole frame is left.</summary>
        NeedMore,

        /// <summary>The burst or the answers are full.</summary>
        Full,

        /// <summary>A slow request stands next.</summary>
        Slow,

        /// <summary>A read that would wait for a disk stands next.</summary>
        Wait,

        /// <summary>The peer broke the protocol.</summary>
        Close,
    }

    /// <summary>What it waits for.</summary>
    internal SessionClock Clock { get; }

    /// <summary>The sending half.</summary>
    internal SessionSender Sender { get; }

    /// <summary>The other side, for logs.</summary>
    internal string RemoteAddress => _connection.RemoteAddress;

    /// <summary>Serves the connection to its end. Never fails.</summary>
    internal async Task RunAsync()
    {
        try
        {
            if (await ShakeHandsAsync())
            {
                await ConverseAsync();
            }

            if (Clock.Phase == SessionPhase.Ended)
            {
                await _goodbye;
                await LingerAsync();
            }
        }
        catch (IOException)
        {
            // The client is gone, or the session was aborted: either way nobody is left to tell.
        }
        catch (Exception bug)
        {
            _door.Log.SessionFailed(bug, RemoteAddress);
        }
        finally
        {
            await CloseAsync();
        }
    }

    /// <summary>
    /// Tells the client why there is no room for it, and closes. Another node needs no room among the clients: in a
    /// cluster the first bytes are looked at before.
    /// </summary>
    /// <param name="error">Why.</param>
    internal async Task RefuseAsync(ErrorResponse error)
    {
        try
        {
            while (_door.AcceptLink is not null && _receiver.Received.Length <= LinkLayout.OpcodeOffset)
            {
                if (!await _receiver.ReceiveAsync(0))
                {
                    await _goodbye;
                    return;
                }
            }

            if (TryHandOver())
            {
                return;
            }

            _answers.WriteClosing(0, in error);
            await FlushAsync();
            await LingerAsync();
        }
        catch (IOException)
        {
            // Gone already.
        }
        finally
        {
            await CloseAsync();
        }
    }

    /// <summary>
    /// Ends a session that waits for bytes: what arrives from now on is not looked at, so the error's "not applied"
    /// holds.
    /// </summary>
    /// <param name="error">Why.</param>
    /// <returns>False when it does not wait.</returns>
    internal bool TryEnd(ErrorResponse error)
    {
        var phase = Clock.Phase;
        if (phase is not (SessionPhase.Idle or SessionPhase.Partial) || !Clock.TryEnd(phase))
        {
            return false;
        }

        _goodbye = Sender.SayGoodbyeAsync(error);
        return true;
    }

    /// <summary>Ends it at once, whatever it does.</summary>
    internal void Abort()
    {
        if (!Volatile.Read(ref _isHandedOver))
        {
            _connection.Dispose();
        }
    }

    /// <summary>Ends what has lasted longer than it may.</summary>
    /// <param name="options">The limits.</param>
    internal void EndOverdue(TcpDoorOptions options)
    {
        if (Sender.IsStuck(options.SendTimeout))
        {
            _door.Log.ClientDoesNotRead(RemoteAddress, options.SendTimeout);
            Abort();
            return;
        }

        switch (Clock.Phase)
        {
            case SessionPhase.Idle when _streams.IsEmpty && Clock.IsOver(options.IdleTimeout):
                TryEnd(new ErrorResponse(ErrorCode.DeadlineExceeded, WriteOutcome.NotApplied,
                    "The connection was idle for too long (idle-timeout)."));
                break;
            case SessionPhase.Partial when Clock.IsOver(options.FrameTimeout):
                TryEnd(new ErrorResponse(ErrorCode.DeadlineExceeded, WriteOutcome.NotApplied,
                    "The frame that was begun did not arrive in time (frame-timeout)."));
                break;
            case SessionPhase.Lingering or SessionPhase.Ended when Clock.IsOver(TcpDoor.LingerMax):
                Abort();
                break;
        }
    }

    private async ValueTask<bool> ShakeHandsAsync()
    {
        while (!TryHandOver())
        {
            var status = FrameDecoder.TryRead(
                _receiver.Received, FrameLayout.HelloFrameBytesMax, out var frame, out var fault);
            if (status == FrameStatus.NeedMore)
            {
                if (!await _receiver.ReceiveAsync(frame.Length))
                {
                    return false;
                }

                continue;
            }

            if (status == FrameStatus.Refused || !Hello.TryRead(in frame, out var hello, out var version, out fault))
            {
                await CloseAsync(frame.RequestId, fault);
                return false;
            }

            _handler.ClientId = hello.ClientId;
            _answers.Position = hello.Features.HasFlag(Features.Positions) ? () => _door.Dispatcher.Position : null;
            _answers.FrameBytesMax = _door.AnswerBytesMax(hello.FrameBytesMax);
            _door.Acknowledge(version).Write(_answers.Frames, frame.RequestId);
            _receiver.Consume(frame.Length);
            _receiver.IsReady = true;
            return true;
        }

        return false;
    }

    /// <summary>Gives the connection away when it is another node that speaks on it.</summary>
    private bool TryHandOver()
    {
        if (!LinkLayout.BeginsLink(_receiver.Received.Span) || _door.AcceptLink is not { } accept)
        {
            return false;
        }

        Volatile.Write(ref _isHandedOver, true);
        accept(_connection, _receiver.Received.ToArray());
        return true;
    }

    private async Task ConverseAsync()
    {
        var mayWait = false;
        while (true)
        {
            var stop = ReadFrames(mayWait);
            mayWait = false;
            while (!_burst.IsEmpty)
            {
                await CommitAsync();
            }

            await FlushAsync();
            if (stop == Stop.Slow)
            {
                var fault = await _slow.RunAsync(_frame, _fields);
                _onEngineThread = false;
                stop = fault.Code == ErrorCode.None || _handler.Refuse(in _frame, in fault) == FrameStep.Done
                    ? Stop.Full
                    : Stop.Close;
                await FlushAsync();
            }

            if (stop == Stop.Close)
            {
                await CloseAsync(_frame.RequestId, _handler.Fault);
                return;
            }

            if (stop == Stop.NeedMore && !await _receiver.ReceiveAsync(_frame.Length))
            {
                return;
            }

            if (_onEngineThread || stop == Stop.Wait)
            {
                // The engine has other sessions to wake, the socket other connections to serve: the next frames are
                // parsed elsewhere.
                await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
                _onEngineThread = false;
                mayWait = stop == Stop.Wait;
            }
        }
    }

    /// <summary>Hands the burst to the engine, and writes the answers to what it has judged.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask CommitAsync()
    {
        var bytes = _burst.Bytes;
        await _door.Budgets.Queue.AcquireAsync(bytes);
        _burst.Submit(_door.Dispatcher);
        var commit = _burst.WaitAsync();
        _onEngineThread = !commit.IsCompleted;
        await commit;
        _door.Budgets.Queue.Release(bytes);
        _burst.WriteAnswers(_answers);
        if (!_burst.IsEmpty)
        {
            await FlushAsync();
            await AnswerLeftAsync();
        }
    }

    /// <summary>
    /// Goes on where the engine stopped because the values to give back did not fit: reads are answered one by one from
    /// the published state; a write is handed over again, with the room that it needs.
    /// </summary>
    private async Task AnswerLeftAsync()
    {
        if (_burst.TryTakeRead(out var read))
        {
            do
            {
                await _slow.RunAsync(read);
                _onEngineThread = false;
                await FlushAsync();
            }
            while (_burst.TryTakeRead(out read));
        }
        else if (_burst.Wanted > _answers.FrameBytesMax)
        {
            _burst.RefuseLeft(_answers.TooLong(_burst.Wanted));
        }
        else
        {
            // Twice: in the result bytes, and in the answer.
            await _answers.ReserveAsync(2 * _burst.Wanted);
            _burst.GiveRoom((int)_burst.Wanted);
        }
    }

    /// <summary>Parses what has arrived, and does at once what can be done at once.</summary>
    /// <param name="mayWait">Whether reads may wait for a disk here.</param>
    private Stop ReadFrames(bool mayWait)
    {
        _handler.MayWait = mayWait;
        while (!_burst.IsFull && _answers.Length < SendAtBytes)
        {
            switch (FrameDecoder.TryRead(_receiver.Received, _door.Options.FrameBytesMax, out _frame, out var fault))
            {
                case FrameStatus.NeedMore:
                    return Stop.NeedMore;
                case FrameStatus.Refused:
                    _ = _handler.Refuse(in _frame, in fault);
                    return Stop.Close;
            }

            var step = _handler.Handle(in _frame, out _fields);
            if (step == FrameStep.Wait)
            {
                return Stop.Wait;
            }

            _receiver.Consume(_frame.Length);
            if (step == FrameStep.Stream)
            {
                step = _streams.TryHandle(in _frame, out var refused)
                    ? FrameStep.Done
                    : _handler.Refuse(in _frame, in refused);
            }

            if (step != FrameStep.Done)
            {
                return step == FrameStep.Slow ? Stop.Slow : Stop.Close;
            }
        }

        return Stop.Full;
    }

    /// <summary>
    /// Nothing more was there: this thread is free again, and all that was received has been answered.
    /// </summary>
    private void OnWaiting()
    {
        _onEngineThread = false;
        if (_door.IsDraining)
        {
            TryEnd(TcpDoor.Stopping);
        }
    }

    private ValueTask FlushAsync() => _answers.Length > 0 ? SendAsync() : ValueTask.CompletedTask;

    private async ValueTask SendAsync()
    {
        await Sender.SendAsync(_answers.Frames.Written);
        _answers.Clear();
    }

    private async ValueTask CloseAsync(uint requestId, DecodeFault fault)
    {
        _door.Log.PeerBrokeProtocol(RemoteAddress, fault.Text);
        _answers.WriteClosing(requestId, ErrorResponse.From(in fault));
        await FlushAsync();
        await LingerAsync();
    }

    /// <summary>
    /// Reads on, without looking, until the client closes: closing with unread bytes would reset the connection, and
    /// the
    /// client might never see the last frame.
    /// </summary>
    private async ValueTask LingerAsync()
    {
        _connection.FinishSending();
        _ = Clock.TryEnter(SessionPhase.Lingering); // or it was ended from outside, which has the same limit
        await _receiver.DiscardAsync(TcpDoor.LingerBytesMax);
    }

    private async Task CloseAsync()
    {
        await _goodbye;
        Abort();
        await _streams.StopAsync();
        _snapshots.EndAll();
        _receiver.Release();
        _answers.Clear();
    }

    private void OnStreamBroken(Exception bug)
    {
        _door.Log.SessionFailed(bug, RemoteAddress);
        Abort();
    }
}
