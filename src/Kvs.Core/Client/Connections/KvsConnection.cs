using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;

namespace Kvs.Core.Client.Connections;

/// <summary>
/// One connection to a server, from the handshake to its end. It never reconnects: once it has failed it stays failed, and
/// every call that waits learns what is known of it. A write that may have left this machine is unknown; one that certainly
/// has not, not applied. After a call was given up as late, no new ones are made on it, and it closes when the rest have
/// ended: the server may be gone without a word. Who waits for which answer is <see cref="InFlight"/>'s, what leaves
/// <see cref="Outbox"/>'s.
/// Threading: all members, any thread. State is guarded by <c>_gate</c>, under which nothing waits and no caller's code
/// runs. Ownership: of the network connection.
/// </summary>
internal sealed class KvsConnection : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly InFlight _inFlight;
    private readonly ConnectionSettings _settings;
    private readonly IConnection _connection;
    private readonly Outbox _outbox;
    private readonly CallTimer _timer;
    private KvsException? _failure; // written under _gate, published: Volatile
    private bool _isRetired; // written under _gate, published: Volatile
    private long _heard; // by the receiver, published: Volatile
    private Task _receiving = Task.CompletedTask;

    private KvsConnection(IConnection connection, ConnectionSettings settings)
    {
        _connection = connection;
        _settings = settings;
        _inFlight = new InFlight(_gate);
        _outbox = new Outbox(_gate, connection, OnSendFailed);
        _timer = new CallTimer(settings.Time, settings.KeepAlive, GiveUpLate, SendPing);
    }

    /// <summary>Whether new calls may be made.</summary>
    internal bool IsUsable => Volatile.Read(ref _failure) is null && !Volatile.Read(ref _isRetired);

    /// <summary>How often something was received.</summary>
    internal long Heard => Volatile.Read(ref _heard);

    /// <summary>Whether somebody waits for an answer.</summary>
    internal bool IsWaitedFor
    {
        get
        {
            lock (_gate)
            {
                return _inFlight.IsAnyWaitingLocked;
            }
        }
    }

    /// <summary>Where it goes.</summary>
    internal KvsAddress Address => _settings.Address;

    /// <summary>What the server said in the handshake.</summary>
    internal HelloAck Server { get; private set; }

    /// <summary>Connects and shakes hands.</summary>
    /// <param name="settings">Where to, and how.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The connection. Ownership: the caller disposes it.</returns>
    /// <exception cref="KvsException">It cannot be reached in time, or refuses.</exception>
    internal static async Task<KvsConnection> ConnectAsync(ConnectionSettings settings, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(settings.ConnectTimeout, settings.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        KvsConnection? self = null;
        try
        {
            var connection = await settings.Transport
                .ConnectAsync(settings.Address.Host, settings.Address.Port, either.Token).ConfigureAwait(false);
            self = new KvsConnection(connection, settings);
            await self.ShakeHandsAsync(either.Token).ConfigureAwait(false);
            return self;
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException or KvsException)
        {
            if (self is not null)
            {
                await self.DisposeAsync().ConfigureAwait(false);
            }

            cancellationToken.ThrowIfCancellationRequested();
            throw failure as KvsException ?? Handshake.Unreachable(settings, failure);
        }
    }

    /// <summary>Makes a call.</summary>
    /// <typeparam name="TState">What it is about.</typeparam>
    /// <typeparam name="TResult">What it gives.</typeparam>
    /// <param name="call">The kind of call.</param>
    /// <param name="state">What it is about; the caller's bytes are free when the task is there.</param>
    /// <param name="fields">Optional fields.</param>
    /// <param name="cancellationToken">Ends the waiting, not the work.</param>
    internal Task<TResult> CallAsync<TState, TResult>(
        Call<TState, TResult> call, TState state, RequestFields fields, CancellationToken cancellationToken) =>
        CallAsync(call, state, fields, _timer.DeadlineAfter(_settings.RequestTimeout), cancellationToken);

    /// <summary>Makes a call that is given up at a moment of the caller's.</summary>
    /// <typeparam name="TState">What it is about.</typeparam>
    /// <typeparam name="TResult">What it gives.</typeparam>
    /// <param name="call">The kind of call.</param>
    /// <param name="state">What it is about; the caller's bytes are free when the task is there.</param>
    /// <param name="fields">Optional fields.</param>
    /// <param name="deadline">The timestamp.</param>
    /// <param name="cancellationToken">Ends the waiting, not the work.</param>
    internal Task<TResult> CallAsync<TState, TResult>(
        Call<TState, TResult> call, TState state, RequestFields fields, long deadline, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<TResult>(cancellationToken);
        }

        return _inFlight.TryTakeSlot()
            ? Begin(call, in state, in fields, deadline, cancellationToken)
            : CallWhenRoomAsync(call, call.Own(state), fields, deadline, cancellationToken);
    }

    /// <summary>Begins a streamed scan.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="fields">Optional fields.</param>
    /// <returns>The stream. Ownership: the caller disposes it.</returns>
    /// <exception cref="KvsException">The connection has failed.</exception>
    internal AnswerStream<ScanPage> OpenScan(in ScanRequest request, in RequestFields fields) =>
        OpenStream<(ScanRequest Request, RequestFields Fields), ScanPage>(
        request.Credit,
        (request, fields),
        static (target, id, ask) => RequestEncoder.WriteScan(target, Opcode.Scan, id, in ask.Fields, in ask.Request),
        ScanChunkCodec.TryRead,
        _settings.RequestTimeout);

    /// <summary>Begins a watch.</summary>
    /// <param name="request">What is watched.</param>
    /// <param name="fields">Optional fields.</param>
    /// <param name="silence">Longest wait for a chunk.</param>
    /// <returns>The stream. Ownership: the caller disposes it.</returns>
    /// <exception cref="KvsException">The connection has failed.</exception>
    internal AnswerStream<ChangeChunk> OpenWatch(in WatchRequest request, in RequestFields fields, TimeSpan silence) =>
        OpenStream<(WatchRequest Request, RequestFields Fields), ChangeChunk>(
        request.Credit,
        (request, fields),
        static (target, id, ask) => ask.Request.Write(target, id, in ask.Fields),
        ChangeChunkCodec.TryRead,
        silence);

    private AnswerStream<TChunk> OpenStream<TAsk, TChunk>(
        uint credit, TAsk ask, Action<FrameBuffer, uint, TAsk> write, ReadChunk<TChunk> read, TimeSpan timeout)
        where TChunk : class
    {
        AnswerStream<TChunk> stream;
        lock (_gate)
        {
            if (_failure is { } failure)
            {
                throw KvsException.Of(failure.Code, failure.Message, WriteOutcome.NotApplied);
            }

            var id = _outbox.NextIdLocked();
            stream = new AnswerStream<TChunk>(this, id, credit, read, _settings.Time, timeout);
            _inFlight.AddLocked(id, stream);
            write(_outbox.FramesLocked, id, ask);
        }

        _outbox.Flush();
        return stream;
    }

    /// <summary>Tells the server about a stream that has not ended: more credit, or that it may end.</summary>
    /// <param name="id">The stream.</param>
    /// <param name="chunks">More credit; 0 to end it.</param>
    internal void Steer(uint id, uint chunks)
    {
        lock (_gate)
        {
            if (!_inFlight.HasStreamLocked(id))
            {
                return;
            }

            if (chunks == 0)
            {
                RequestEncoder.WriteEmpty(_outbox.FramesLocked, Opcode.ScanCancel, id, default);
            }
            else
            {
                RequestEncoder.WriteCredit(_outbox.FramesLocked, id, chunks);
            }
        }

        _outbox.Flush();
    }

    /// <summary>Ends it because its server is gone without a word. Calls that wait fail.</summary>
    /// <param name="message">How that was noticed.</param>
    internal void GiveUp(string message) => Break(ErrorCode.Unreachable, message, WriteOutcome.Unknown);

    /// <summary>Makes no new calls on it; it closes when those that wait have ended.</summary>
    internal void Retire()
    {
        lock (_gate)
        {
            Volatile.Write(ref _isRetired, true);
        }

        BreakWhenRetired();
    }

    /// <summary>Closes the connection. Calls that wait fail.</summary>
    public ValueTask DisposeAsync()
    {
        Break(ErrorCode.Unreachable, "The connection was closed by this client.", WriteOutcome.Unknown);
        return new ValueTask(Task.WhenAll(_receiving, _outbox.Flushing));
    }

    private async Task ShakeHandsAsync(CancellationToken cancellationToken)
    {
        _receiving = ReceiveAsync();
        var hello = Handshake.HelloOf(_settings);
        var deadline = _timer.DeadlineAfter(_settings.RequestTimeout);
        var ack = await Begin(Calls.Hello, in hello, default, deadline, cancellationToken).ConfigureAwait(false);
        Handshake.RequireVersion(_settings, in ack);
        Server = ack;
        _inFlight.SetSlots(Handshake.InFlightMaxOf(in ack));

        // Not sent along with the Hello: a secret goes to nobody who has not shown that it speaks this protocol.
        if (_settings.Credentials is { } credentials)
        {
            var request = credentials.Request;
            await Begin(Calls.Auth, in request, default, deadline, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<TResult> CallWhenRoomAsync<TState, TResult>(
        Call<TState, TResult> call, TState state, RequestFields fields, long deadline, CancellationToken cancellationToken)
    {
        await _inFlight.TakeSlotAsync(cancellationToken).ConfigureAwait(false);
        return await Begin(call, in state, in fields, deadline, cancellationToken).ConfigureAwait(false);
    }

    private Task<TResult> Begin<TState, TResult>(
        Call<TState, TResult> call, in TState state, in RequestFields fields, long deadline, CancellationToken cancellationToken)
    {
        PendingCall<TState, TResult> pending;
        if (_timer.IsPast(deadline))
        {
            _inFlight.ReturnSlot();
            return Task.FromException<TResult>(new KvsUnavailableException(
                ErrorCode.DeadlineExceeded, $"The time of the call was over before it could be sent to {_settings.Address}."));
        }

        lock (_gate)
        {
            if (TryWriteLocked(call, in state, in fields, out var sequence) is { } refusal)
            {
                _inFlight.ReturnSlot();
                return Task.FromException<TResult>(refusal);
            }

            pending = new PendingCall<TState, TResult>(call, in state, sequence, deadline, cancellationToken);
            _inFlight.AddLocked(pending);
        }

        _timer.Watch(pending.Deadline);
        _outbox.Flush();
        return pending.Task;
    }

    // Null when written; else why it cannot be, and no trace of it is left.
    private KvsException? TryWriteLocked<TState, TResult>(
        Call<TState, TResult> call, in TState state, in RequestFields fields, out ulong sequence)
    {
        if (_failure is { } failure)
        {
            sequence = 0;
            return KvsException.Of(failure.Code, failure.Message, WriteOutcome.NotApplied);
        }

        return _outbox.TryWriteLocked(call, in state, in fields, Server.FrameBytesMax, out sequence);
    }

    private async Task ReceiveAsync()
    {
        try
        {
            var receiver = new FrameReceiver();
            var isFirst = true;
            int count;
            while ((count = await _connection.ReceiveAsync(receiver.MakeRoom(), CancellationToken.None).ConfigureAwait(false)) > 0)
            {
                receiver.Add(count);
                Handshake.RefuseTls(_settings, receiver, isFirst);
                isFirst = false;
                _timer.NoteHeard();
                Volatile.Write(ref _heard, _heard + 1);
                while (receiver.TryNext(out var frame))
                {
                    Handle(in frame);
                }
            }

            Break(ErrorCode.Unreachable, $"The server at {_settings.Address} closed the connection.", WriteOutcome.Unknown);
        }
        catch (IOException failure)
        {
            Break(ErrorCode.Unreachable, $"The connection to {_settings.Address} broke: {failure.Message}", WriteOutcome.Unknown);
        }
        catch (KvsException failure)
        {
            // The peer broke the protocol, or one of our own checks failed: nobody may wait for a loop that has ended.
            Break(failure.Code, failure.Message, WriteOutcome.Unknown);
        }
        finally
        {
            _connection.Dispose();
        }
    }

    private void Handle(in Frame frame)
    {
        if (frame.Opcode == Opcode.Error && ErrorResponse.TryRead(in frame, out var error))
        {
            Break(error.Code, error.Text, error.Outcome);
            return;
        }

        // Before the caller has the answer: its next question may be for the position.
        var isWhole = ResponseFields.TryRead(frame.Fields, out var fields);
        _settings.Positions.Observe(fields.Position);
        if (isWhole && _inFlight.TryGive(in frame))
        {
            BreakWhenRetired();
        }
        else if (!_inFlight.IsOver)
        {
            throw new KvsProtocolException(
                ErrorCode.Protocol,
                $"The server at {_settings.Address} sent a frame that answers nothing or is malformed: "
                    + $"opcode 0x{(byte)frame.Opcode:X2}, request {frame.RequestId}.");
        }
    }

    private void OnSendFailed(IOException failure) =>
        Break(ErrorCode.Unreachable, $"Sending to {_settings.Address} failed: {failure.Message}", WriteOutcome.Unknown);

    private void SendPing()
    {
        var ping = CallAsync(Calls.Empty, Opcode.Ping, default, CancellationToken.None);

        // Its answer is the sign of life; its failure is the connection's, which tells everybody itself.
        _ = ping.ContinueWith(static task => _ = task.Exception, TaskScheduler.Default);
    }

    private long GiveUpLate(long now)
    {
        List<IPendingCall> late;
        long next;
        lock (_gate)
        {
            late = _inFlight.LateLocked(now, out next);
            Volatile.Write(ref _isRetired, _isRetired || late.Count > 0);
        }

        foreach (var call in late)
        {
            // Even one that has not left yet may leave in a moment: unknown for all.
            call.Fail(new KvsUnavailableException(
                ErrorCode.DeadlineExceeded,
                $"The server at {_settings.Address} did not answer within {_settings.RequestTimeout.TotalSeconds:0.###} s.",
                Opcodes.IsWrite(call.Opcode) ? WriteOutcome.Unknown : WriteOutcome.NotApplied));
        }

        BreakWhenRetired();
        return next;
    }

    private void BreakWhenRetired()
    {
        if (!Volatile.Read(ref _isRetired))
        {
            return;
        }

        lock (_gate)
        {
            if (_inFlight.IsAnyWaitingLocked)
            {
                return;
            }
        }

        Break(ErrorCode.Unreachable, "The connection was given up.", WriteOutcome.Unknown);
    }

    private void Break(ErrorCode code, string message, WriteOutcome sentOutcome)
    {
        IPendingCall[] calls;
        IAnswerStream[] streams;
        ConnectionBreak what;
        lock (_gate)
        {
            if (_failure is not null)
            {
                return;
            }

            what = new ConnectionBreak(code, message, sentOutcome, _outbox.SentThroughLocked);
            Volatile.Write(ref _failure, what.Failure);
            (calls, streams) = _inFlight.EndLocked();
            _outbox.CloseLocked();
        }

        _timer.Dispose();
        _connection.Finish(); // wakes the receiver, which closes it, without the cost of an exception
        foreach (var call in calls)
        {
            call.Fail(what.FailureOf(call));
            _inFlight.ReturnSlotOf(call);
        }

        foreach (var stream in streams)
        {
            stream.Fail(what.Failure);
        }
    }
}
