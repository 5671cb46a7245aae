using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;

namespace Kvs.Server.Doors.Sessions;

/// <summary>
/// The life of one connection, the same for every wire: receives, lets the wire parse in place everything that arrived
/// and answer reads at once, hands the writes of the burst to the engine as one item, and sends once. While the engine
/// has a burst the session does not read on: that is the back-pressure, and what keeps the receive buffer still.
/// Threading: one task. It runs on whichever thread completed what it waited for: the socket's, the engine's, the
/// pool's; on the engine's it sends, and goes to the pool before it parses a larger burst or runs a slow command, as it does
/// before a read that would wait for a disk. Ownership: of the connection and all buffers.
/// </summary>
/// <typeparam name="TAnswer">What the wire must know of a request to answer it.</typeparam>
internal sealed class SessionLoop<TAnswer>
    where TAnswer : struct
{
    /// <summary>Answers are sent when so many bytes wait, even if more requests are there: bounds the buffer.</summary>
    internal const int SendAtBytes = SendBuffer.OwnBytes;

    /// <summary>One or two requests, without a pipeline.</summary>
    private const int SmallBurstBytes = 512;

    private static readonly TimeSpan _restAfter = TimeSpan.FromSeconds(1);

    /// <summary>How long a send may take to somebody whose access was taken back; most take no time, and are not cut off.</summary>
    private static readonly TimeSpan _leaverSendMax = TimeSpan.FromSeconds(1);

    private readonly SessionContext _context;
    private readonly IConnection _connection;
    private readonly IWire<TAnswer> _wire;
    private bool _onEngineThread;
    private bool _hasRested; // Volatile: nothing has come since its memory was given back
    private Task? _goodbye; // published: Volatile, soon after the phase is Ended

    /// <summary>Creates it; <see cref="RunAsync"/> runs it.</summary>
    /// <param name="context">What the sessions of the door share.</param>
    /// <param name="connection">The connection. Ownership: this object's.</param>
    /// <param name="wire">The wire. It is not called before the loop runs.</param>
    internal SessionLoop(SessionContext context, IConnection connection, IWire<TAnswer> wire)
    {
        _context = context;
        _connection = connection;
        _wire = wire;
        Clock = new SessionClock(context.Time);
        Sender = new SessionSender(connection, context.Time);
        Answers = new SendBuffer(context.Budgets.LargeAnswers);
        Access = new SessionAccess(context.Dispatcher.Access, connection);
        Burst = new Burst<TAnswer>(context.Options.SessionBytesMax)
        {
            Origin = new WorkOrigin(context.Door, connection.RemoteAddress),
        };
        Receiver = new SessionReceiver(
            context.Options.SessionBytesMax, context.Budgets.LargeRequests, connection, Clock, context.Time, OnWaiting);
    }

    /// <summary>For whom it speaks: the wire asks before each request.</summary>
    internal SessionAccess Access { get; }

    /// <summary>What it waits for.</summary>
    internal SessionClock Clock { get; }

    /// <summary>The receiving half.</summary>
    internal SessionReceiver Receiver { get; }

    /// <summary>The sending half.</summary>
    internal SessionSender Sender { get; }

    /// <summary>The answers that wait to be sent.</summary>
    internal SendBuffer Answers { get; }

    /// <summary>Writes, and what must follow them.</summary>
    internal Burst<TAnswer> Burst { get; }

    /// <summary>Whether the wire parses on: there is room for more requests and answers.</summary>
    internal bool HasRoom => !Burst.IsFull && Answers.Length < SendAtBytes;

    /// <summary>Serves the connection to its end. Never fails.</summary>
    internal Task RunAsync() => GuardAsync(async () =>
    {
        if (await _wire.BeginAsync())
        {
            await ConverseAsync();
        }

        if (Clock.Phase == SessionPhase.Ended)
        {
            await GoodbyeAsync();
            await LingerAsync();
        }
    });

    /// <summary>Tells the client why there is no room for it, and closes.</summary>
    /// <param name="looks">Looks at what arrives first; false when there is nobody to tell.</param>
    internal Task RefuseAsync(Func<Task<bool>> looks) => GuardAsync(async () =>
    {
        if (await looks())
        {
            await Sender.SendAsync(_wire.Goodbye(EndReason.TooMany));
            await LingerAsync();
        }
        else
        {
            await GoodbyeAsync();
        }
    });

    /// <summary>
    /// Ends a session that waits for bytes: what arrives from now on is not looked at, so the goodbye's "not applied"
    /// holds.
    /// </summary>
    /// <param name="reason">Why.</param>
    /// <returns>False when it does not wait.</returns>
    internal bool TryEnd(EndReason reason)
    {
        var phase = Clock.Phase;
        if (phase is not (SessionPhase.Idle or SessionPhase.Partial) || !Clock.TryEnd(phase))
        {
            return false;
        }

        Volatile.Write(ref _goodbye, Sender.SayGoodbyeAsync(_wire.Goodbye(reason)));
        return true;
    }

    /// <summary>Ends what has lasted longer than it may, and gives up the memory of what rests.</summary>
    /// <param name="abort">Ends the session at once.</param>
    /// <returns>Bytes that it gave up.</returns>
    internal long EndOverdue(Action abort)
    {
        var options = _context.Options;
        if (Sender.IsStuck(options.SendTimeout))
        {
            _context.Log.ClientDoesNotRead(_connection.RemoteAddress, options.SendTimeout);
            abort();
            return 0;
        }

        if (Access.IsTakenBack())
        {
            if (TryEnd(EndReason.TakenBack))
            {
                Access.NoteTakenBack();
                return 0;
            }

            if (Sender.IsStuck(_leaverSendMax))
            {
                // In the middle of an answer, which he is not to get: there is no place for a word.
                Access.NoteTakenBack();
                abort();
                return 0;
            }
        }

        switch (Clock.Phase)
        {
            case SessionPhase.Idle when !_wire.IsBusy && Clock.IsOver(options.IdleTimeout):
                EndLate(EndReason.Idle, options.IdleTimeout);
                break;
            case SessionPhase.Idle when !Volatile.Read(ref _hasRested) && Clock.IsOver(_restAfter):
                return Rest();
            case SessionPhase.Partial when Clock.IsOver(options.FrameTimeout):
                EndLate(EndReason.Partial, options.FrameTimeout);
                break;
            case SessionPhase.Lingering or SessionPhase.Ended when Clock.IsOver(SessionContext.LingerMax):
                // Not closed under the session's hands, which would reset it: what it waits for ends, and then it closes.
                _connection.Finish();
                break;
        }

        return 0;
    }

    /// <summary>
    /// Gives up the memory that a session keeps for its next burst: thousands may be idle that were busy once.
    /// </summary>
    /// <returns>Bytes that it gave up.</returns>
    private long Rest()
    {
        if (!Clock.TryHold())
        {
            return 0;
        }

        var bytes = _wire.Rest() + Answers.Rest() + Burst.Rest();
        Volatile.Write(ref _hasRested, true);
        Clock.LetGo();
        return bytes;
    }

    /// <summary>Nothing more will come: says in the log when that is no good end.</summary>
    internal void NoteClosed()
    {
        if (Clock.Phase != SessionPhase.Ended && !(Receiver.IsReady && Receiver.Received.IsEmpty))
        {
            _context.Log.ClosedEarly(_connection.RemoteAddress);
        }
    }

    /// <summary>Sends what waits.</summary>
    internal ValueTask FlushAsync() => Answers.Length > 0 ? SendAsync() : ValueTask.CompletedTask;

    /// <summary>Says the last words of the wire, and closes.</summary>
    internal async ValueTask CloseAsync()
    {
        if (_wire.WriteLast() is { } fault)
        {
            _context.Log.PeerBrokeProtocol(_connection.RemoteAddress, fault);
        }

        await FlushAsync();
        await LingerAsync();
    }

    private void EndLate(EndReason reason, TimeSpan limit)
    {
        if (TryEnd(reason))
        {
            _context.Log.EndedLate(_connection.RemoteAddress, limit);
        }
    }

    private async Task GuardAsync(Func<Task> run)
    {
        try
        {
            await run();
        }
        catch (IOException failure)
        {
            // The client is gone, or the session was aborted: either way nobody is left to tell. Of one that never came in
            // (TLS that failed, a port scan) somebody may want to know.
            if (!Receiver.IsReady)
            {
                _context.Log.NeverCameIn(_connection.RemoteAddress, failure.Message);
            }
        }
        catch (Exception bug)
        {
            _context.Log.SessionFailed(bug, _connection.RemoteAddress);
        }
        finally
        {
            await GoodbyeAsync();
            await _wire.EndAsync();
            Receiver.Release();
            Answers.Clear();
        }
    }

    /// <summary>
    /// One state machine for the life of the session: what each request awaits is a value that costs no allocation.
    /// </summary>
    private async Task ConverseAsync()
    {
        var mayWait = false;
        while (true)
        {
            Volatile.Write(ref _hasRested, false);
            var stop = _wire.Read(mayWait);
            mayWait = false;
            while (!Burst.IsEmpty)
            {
                var bytes = Burst.QueuedBytes;
                Burst.BeginWaiting(_context.Time.GetTimestamp());
                if (!await BudgetShare.TryTakeAsync(_context.Budgets.Queue, bytes, _context.Time, CancellationToken.None))
                {
                    Burst.Refuse(BudgetShare.RefusalText);
                    Burst.WriteAnswers(_wire);
                    continue;
                }

                await CommitAsync();
                _context.Budgets.Queue.Release(bytes);
                Burst.WriteAnswers(_wire);
                if (!Burst.IsEmpty)
                {
                    await FlushAsync();
                    await AnswerLeftAsync();
                }
            }

            await FlushAsync();
            if (stop == ReadStop.Slow)
            {
                stop = await (_onEngineThread ? Task.Run(_wire.RunSlowAsync) : _wire.RunSlowAsync());
                _onEngineThread = false;
                await FlushAsync();
            }

            if (stop == ReadStop.Close)
            {
                await CloseAsync();
                return;
            }

            if (stop == ReadStop.NeedMore)
            {
                if (Receiver.TryRest() && (!Receiver.TryWait(isBare: true, out var some) || !Receiver.TryWake(await some)))
                {
                    return;
                }

                if (!await TryMakeRoomAsync())
                {
                    return;
                }

                if (!Receiver.TryWait(isBare: false, out var receive) || !Receiver.TryTake(await receive))
                {
                    NoteClosed();
                    return;
                }
            }

            if ((_onEngineThread && Receiver.Received.Length > SmallBurstBytes) || stop == ReadStop.Wait)
            {
                // The engine has other sessions to wake, the socket other connections to serve: the next requests are
                // parsed elsewhere. A small burst is parsed sooner than another thread is awake.
                await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
                _onEngineThread = false;
                mayWait = stop == ReadStop.Wait;
            }
        }
    }

    /// <summary>
    /// Waits until the goodbye was sent, if there is one. Whoever ends the session does so first and speaks then: in between
    /// bytes may come, and closing for them would cut the word off.
    /// </summary>
    private async ValueTask GoodbyeAsync()
    {
        while (Clock.Phase == SessionPhase.Ended)
        {
            if (Volatile.Read(ref _goodbye) is { } said)
            {
                await said;
                return;
            }

            await Task.Yield();
        }
    }

    /// <summary>Makes room for the rest of a request. Without it, says so and closes.</summary>
    private async ValueTask<bool> TryMakeRoomAsync()
    {
        try
        {
            await Receiver.MakeRoomAsync(_wire.NeededBytes);
            return true;
        }
        catch (KvsUnavailableException failure)
        {
            // Of the request only a part is here: what follows in the stream is not another one.
            _wire.Fail(failure);
            await CloseAsync();
            return false;
        }
    }

    /// <summary>Hands the burst to the engine; completes when the engine has judged it.</summary>
    private ValueTask CommitAsync()
    {
        Burst.Submit(_context.Dispatcher);
        var commit = Burst.WaitAsync();
        _onEngineThread = !commit.IsCompleted;
        return commit;
    }

    /// <summary>
    /// Goes on where the engine stopped because the values to give back did not fit: reads are answered one by one from
    /// the published state; a write is handed over again, with the room that it needs.
    /// </summary>
    private async Task AnswerLeftAsync()
    {
        if (Burst.TryTakeRead(_wire, out var answer, out var read))
        {
            do
            {
                await _wire.AnswerLeftAsync(answer, read);
                Burst.Return(read);
                _onEngineThread = false;
                await FlushAsync();
            }
            while (Burst.TryTakeRead(_wire, out answer, out read));
        }
        else if (_wire.Refusal(Burst.Wanted) is { } refusal)
        {
            Burst.RefuseLeft(refusal);
        }
        else
        {
            // Twice: in the result bytes, and in the answer.
            await Answers.ReserveAsync(2 * Burst.Wanted);
            Burst.GiveRoom((int)Burst.Wanted);
        }
    }

    /// <summary>
    /// Nothing more was there: this thread is free again, and all that was received has been answered.
    /// </summary>
    private void OnWaiting()
    {
        _onEngineThread = false;
        if (_context.IsDraining)
        {
            TryEnd(EndReason.Stopping);
        }
    }

    private async ValueTask SendAsync()
    {
        await Sender.SendAsync(Answers.Frames.Written);
        Answers.Clear();
    }

    /// <summary>
    /// Reads on, without looking, until the client closes: closing with unread bytes would reset the connection, and
    /// the client might never see the last bytes.
    /// </summary>
    private async ValueTask LingerAsync()
    {
        _connection.FinishSending();
        _ = Clock.TryEnter(SessionPhase.Lingering); // or it was ended from outside, which has the same limit
        await Receiver.DiscardAsync(SessionContext.LingerBytesMax);
    }
}
