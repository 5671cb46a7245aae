using System.Buffers;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Server.Doors.Resp.Commands;
using Kvs.Server.Doors.Resp.Commands.Keys;
using Kvs.Server.Doors.Resp.Commands.Transactions;
using Kvs.Server.Doors.Resp.Wire;
using Kvs.Server.Doors.Sessions;

namespace Kvs.Server.Doors.Resp;

/// <summary>What is left to do for a command.</summary>
internal enum CommandStep
{
    /// <summary>Nothing: answered, or in the burst.</summary>
    Done,

    /// <summary>It is run on the thread pool, when everything before it is answered.</summary>
    Slow,

    /// <summary>It would wait for a disk: run it again, as one that may wait, on the thread pool.</summary>
    Wait,
}

/// <summary>
/// Runs the commands of one connection: reads are answered while no write of the connection waits, operations go into the
/// burst in their turn, and what has its answer already gets behind them. Straight-line and without waiting, but for slow
/// commands. Threading: its session's.
/// </summary>
/// <param name="client">Who asks.</param>
/// <param name="burst">Writes, and what must follow them.</param>
/// <param name="answers">Answers of reads.</param>
internal sealed class CommandRunner(RespClient client, Burst<RespAnswer> burst, SendBuffer answers)
{
    private readonly RequestDispatcher _dispatcher = client.Shared.Context.Dispatcher;
    private readonly RespWriter _reply = new(answers.Frames);
    private readonly FrameBuffer _later = new(); // replies that wait for the burst before them
    private ArrayBufferWriter<byte> _value = new();
    private ReplyTeller? _teller;
    private Command? _slow;

    /// <summary>Whether reads may wait for a disk: on the thread pool.</summary>
    internal bool MayWait { get; set; }

    /// <summary>Whether there is room for more replies that wait.</summary>
    internal bool HasRoom => _later.Length < SendBuffer.OwnBytes;

    private ReplyTeller Teller => _teller ??= new ReplyTeller(client, _reply);

    /// <summary>Forgets replies that have been sent.</summary>
    internal void BeginBurst()
    {
        if (burst.IsEmpty)
        {
            _later.Clear(SendBuffer.OwnBytes);
        }
    }

    /// <summary>Gives up what it keeps for the next burst.</summary>
    /// <returns>Bytes that it gave up.</returns>
    internal long Rest()
    {
        var bytes = _value.Capacity;
        _value = new ArrayBufferWriter<byte>();
        return bytes + _later.Rest();
    }

    /// <summary>Runs a command, as far as that can be done at once.</summary>
    /// <param name="words">Its words.</param>
    /// <param name="bytes">Bytes that it arrived in.</param>
    /// <returns>What is left to do.</returns>
    internal CommandStep Run(CommandArguments words, int bytes)
    {
        if (!TryFind(words, out var command, out var error))
        {
            if (SpeaksHttp(words.Span(0)))
            {
                (client.IsLeaving, client.Fault) = (true, "it speaks HTTP");
                return CommandStep.Done;
            }

            if (client.Transaction is { } broken)
            {
                broken.IsBroken = true;
            }

            return Refuse(error);
        }

        client.Use(command);
        if (client.ListensOnly && !command.Has(CommandTraits.WhileSubscribed))
        {
            return Refuse(RespErrors.ListensOnly(command));
        }

        if (client.Transaction is not null && !command.Has(CommandTraits.InTransaction))
        {
            return Queue(command, words);
        }

        if (command == TransactionCommands.Exec)
        {
            return Exec(bytes);
        }

        if (command.Run is not null)
        {
            Write((command, words, client), static (reply, run) => run.command.Run!(run.words, run.client, reply));
            return CommandStep.Done;
        }

        _slow = command;
        return command.Compile is null ? CommandStep.Slow : Operate(command, words, bytes);
    }

    /// <summary>Writes an error in its turn.</summary>
    /// <param name="error">Prefix and text.</param>
    internal CommandStep Refuse(string error)
    {
        Write(error, static (reply, error) => reply.WriteError(error));
        return CommandStep.Done;
    }

    /// <summary>Answers a command of the burst.</summary>
    /// <param name="answer">How.</param>
    /// <param name="request">What the engine has completed; null for a reply that waited.</param>
    /// <param name="values">What the values of its results lie in.</param>
    internal void Tell(in RespAnswer answer, WriteRequest? request, ReadOnlySpan<byte> values)
    {
        if (request is null)
        {
            answers.Frames.WriteBytes(_later.Written.Span.Slice(answer.Start, answer.Length));
            return;
        }

        _reply.Protocol = answer.Protocol;
        if (answer.Plan is { } plan)
        {
            Teller.Tell(plan, request, values);
        }
        else
        {
            Teller.Tell(answer.Compiled, request, values);
        }

        _reply.Protocol = client.Protocol;
    }

    /// <summary>Runs the command that was left as slow, on the thread pool.</summary>
    /// <param name="words">Its words.</param>
    internal Task RunSlowAsync(CommandArguments words)
    {
        var command = _slow!;
        return RunGuardedAsync(words, async call =>
        {
            var request = new WriteRequest();
            if (command.IsRead && command.Compile?.Invoke(words, request) is { Format: not null } compiled)
            {
                await SlowReads.RunAsync(call, Teller, compiled, request);
            }
            else
            {
                await command.RunSlow!(call);
            }
        });
    }

    /// <summary>Answers a read that the engine left, from the published state, on the thread pool.</summary>
    /// <param name="answer">How.</param>
    /// <param name="read">The read.</param>
    internal async Task AnswerLeftAsync(RespAnswer answer, WriteRequest read)
    {
        _reply.Protocol = answer.Protocol;
        await RunGuardedAsync(new CommandArguments(), call => SlowReads.RunAsync(call, Teller, answer.Compiled, read));
        _reply.Protocol = client.Protocol;
    }

    private async Task RunGuardedAsync(CommandArguments words, Func<SlowCall, Task> runAsync)
    {
        var start = answers.Length;
        try
        {
            var call = new SlowCall(client, words, _reply, answers);
            await Task.Run(() => runAsync(call));
        }
        catch (KvsException failure)
        {
            answers.Frames.Truncate(start);
            _reply.WriteError(RespErrors.Of(failure.Code, failure.Message));
        }
    }

    private bool TryFind(CommandArguments words, out Command command, out string error)
    {
        error = "";
        if (!client.Shared.Commands.TryFind(words.Span(0), out command!))
        {
            error = RespErrors.UnknownCommand(words);
            client.Shared.Context.Log.PeerBrokeProtocol(client.Address, "it sent a command that is not known");
        }
        else if (command.Children is { } children && words.Count > 1)
        {
            var parent = command;
            error = !children.TryFind(words.Span(1), out command!) ? RespErrors.UnknownChild(parent, words.Span(1)) : "";
        }

        if (error.Length == 0 && !command.Takes(words.Count))
        {
            error = RespErrors.WrongCount(command);
        }

        if (error.Length == 0 && !command.Has(CommandTraits.NoAuth)
            && client.Access.Judge(command.Needs) is var code and not ErrorCode.None)
        {
            error = RespErrors.Denied(code, command);
        }

        return error.Length == 0;
    }

    /// <summary>Writes a reply now, or behind the burst.</summary>
    private void Write<TState>(TState state, Action<RespWriter, TState> write)
    {
        if (burst.IsEmpty)
        {
            write(_reply, state);
            return;
        }

        var start = _later.Length;
        _reply.Target = _later;
        write(_reply, state);
        _reply.Target = answers.Frames;
        burst.AddOther(new RespAnswer(client.Protocol, default, null, start, _later.Length - start));
    }

    private CommandStep Queue(Command command, CommandArguments words)
    {
        var transaction = client.Transaction!;
        var error = (command.Compile is null && command.Run is null) || command.IsAllOrNothing
            ? RespErrors.NotInTransaction(command)
            : transaction.TryAdd(command, words)
                ? null
                : RespErrors.Of(ErrorCode.Overloaded, "The transaction is larger than there is room for now.");
        if (error is not null)
        {
            transaction.IsBroken = true;
            return Refuse(error);
        }

        Write(0, static (reply, _) => reply.WriteSimple("QUEUED"u8));
        return CommandStep.Done;
    }

    private CommandStep Exec(int bytes)
    {
        if (client.Transaction is not { } transaction)
        {
            return Refuse("ERR EXEC without MULTI");
        }

        // What was allowed when it was queued need not be so any more.
        foreach (var command in transaction.Commands)
        {
            if (client.Access.Judge(command.Needs) is var code and not ErrorCode.None)
            {
                client.EndTransaction();
                return Refuse(RespErrors.AbortedBy(RespErrors.Denied(code, command)));
            }
        }

        if (transaction.IsBroken)
        {
            client.EndTransaction();
            return Refuse(RespErrors.Aborted);
        }

        var request = burst.Rent();
        var plan = transaction.Compile(client.Watched, request);
        if (request.Operations.Count == 0)
        {
            Write((Teller, plan, request), static (_, told) => told.Teller.Tell(told.plan, told.request, []));
            burst.Return(request);
        }
        else
        {
            burst.Add(new RespAnswer(client.Protocol, default, plan), request, (int)(bytes + transaction.Bytes));
        }

        client.EndTransaction();
        return CommandStep.Done;
    }

    private CommandStep Operate(Command command, CommandArguments words, int bytes)
    {
        var readsNow = command.IsRead && burst.IsEmpty;
        if (command.IsRead && !MayReadNow())
        {
            return CommandStep.Slow;
        }

        if (readsNow && command == StringCommands.Get)
        {
            return Get(words.Span(1));
        }

        var request = burst.Rent();
        var compiled = command.Compile!(words, request);
        if (compiled.Format is null || (readsNow && request.Operations.Count > 1))
        {
            burst.Return(request);
            return compiled.Error is { } error ? Refuse(error) : CommandStep.Slow;
        }

        if (!readsNow)
        {
            burst.Add(new RespAnswer(client.Protocol, compiled), request, bytes);
            return CommandStep.Done;
        }

        var step = ReadNow(in compiled, request);
        burst.Return(request);
        return step;
    }

    // A page in somebody's browser can make it send lines to any port: what follows may be commands of an attacker.
    private static bool SpeaksHttp(ReadOnlySpan<byte> name) =>
        WordText.Is(name, "POST"u8) || WordText.Is(name, "HOST:"u8);

    // Behind writes of the burst a read is judged with them, where the primary is.
    private bool MayReadNow() => !burst.IsEmpty
        || _dispatcher.Cluster is not { } cluster
        || cluster.IsFresh(Consistency.Linearizable, KvsVersion.None);

    /// <summary>The value is copied once: from the engine into the bytes that are sent.</summary>
    private CommandStep Get(ReadOnlySpan<byte> key)
    {
        var start = _reply.BeginBulk();
        try
        {
            switch (_dispatcher.Get(key, answers.Frames, new ReadBounds(SendBuffer.OwnBytes, MayWait), out _, burst.Origin))
            {
                case PointRead.Found:
                    _reply.EndBulk(start);
                    return CommandStep.Done;
                case PointRead.Missing:
                    answers.Frames.Truncate(start);
                    _reply.WriteNull();
                    return CommandStep.Done;
                case PointRead.TooLong:
                    answers.Frames.Truncate(start);
                    return CommandStep.Slow;
                default:
                    answers.Frames.Truncate(start);
                    return CommandStep.Wait;
            }
        }
        catch (KvsException failure)
        {
            // Damaged data: the reply that was begun is taken back. The connection goes on.
            answers.Frames.Truncate(start);
            _reply.WriteError(RespErrors.Of(failure.Code, failure.Message));
            return CommandStep.Done;
        }
    }

    private CommandStep ReadNow(in Compiled compiled, WriteRequest request)
    {
        var operation = request.Operations[0];
        _value.ResetWrittenCount();
        try
        {
            if (!_dispatcher.TryStat(operation.Key.Span, MayWait, out var result, burst.Origin))
            {
                return CommandStep.Wait;
            }

            if (operation.Kind == OperationKind.Get)
            {
                var bounds = new ReadBounds(SendBuffer.OwnBytes, MayWait);
                var read = _dispatcher.Get(operation.Key.Span, _value, in bounds, out _, burst.Origin);
                if (read is PointRead.TooLong or PointRead.WouldWait)
                {
                    return read == PointRead.TooLong ? CommandStep.Slow : CommandStep.Wait;
                }

                result = new OperationResult
                {
                    Existed = read == PointRead.Found,
                    HasValue = read == PointRead.Found,
                    ValueLength = _value.WrittenCount,
                };
            }

            Teller.Tell(in compiled, ErrorCode.None, [result], _value.WrittenSpan);
        }
        catch (KvsException failure)
        {
            _reply.WriteError(RespErrors.Of(failure.Code, failure.Message));
        }

        return CommandStep.Done;
    }
}
