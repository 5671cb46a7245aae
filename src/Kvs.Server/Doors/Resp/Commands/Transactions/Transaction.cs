using Kvs.Core.Buffers;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Doors.Resp.Wire;

namespace Kvs.Server.Doors.Resp.Commands.Transactions;

/// <summary>
/// The commands between MULTI and EXEC, kept as they came. What is more than a connection may have of its own is taken from
/// the budget of large requests, if there is room at once. Threading: its session's. Ownership: of its share of the budget.
/// </summary>
/// <param name="ownBytes">Bytes that it may keep without asking.</param>
/// <param name="large">The budget for more.</param>
internal sealed class Transaction(long ownBytes, ByteBudget large)
{
    /// <summary>Bytes that a kept command takes besides its words.</summary>
    private const int CommandBytes = 128;

    private readonly List<(Command Command, CommandArguments Words)> _commands = [];
    private long _bytes;
    private long _held;

    /// <summary>Whether a command was refused: then EXEC does nothing.</summary>
    internal bool IsBroken { get; set; }

    /// <summary>How many commands.</summary>
    internal int Count => _commands.Count;

    /// <summary>The commands, in their order.</summary>
    internal IEnumerable<Command> Commands => _commands.Select(static kept => kept.Command);

    /// <summary>Bytes that it keeps.</summary>
    internal long Bytes => _bytes;

    /// <summary>Keeps a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="words">Its words. They are copied.</param>
    /// <returns>False when there is no room for it.</returns>
    internal bool TryAdd(Command command, CommandArguments words)
    {
        var bytes = _bytes + words.Bytes + CommandBytes + (16L * words.Count);
        var wanted = Math.Max(0, bytes - ownBytes);
        if (bytes > Limits.BatchBytesMax || (wanted > _held && !large.TryAcquire(wanted - _held)))
        {
            return false;
        }

        _held = Math.Max(_held, wanted);
        _bytes = bytes;
        _commands.Add((command, words.Copy()));
        return true;
    }

    /// <summary>Gives its share of the budget back.</summary>
    internal void Release()
    {
        large.Release(_held);
        _held = 0;
    }

    /// <summary>Makes one batch of it: the checks of the watched keys, then all operations, each by itself.</summary>
    /// <param name="watched">The watched keys.</param>
    /// <param name="request">Receives the operations.</param>
    /// <returns>How it is answered.</returns>
    internal TransactionPlan Compile(WatchedKeys watched, WriteRequest request)
    {
        watched.AddChecks(request);
        var steps = new List<PlannedStep>(_commands.Count);
        var checks = request.Operations.Count;
        foreach (var (command, words) in _commands)
        {
            var start = request.Operations.Count;
            var compiled = command.Compile is { } compile ? compile(words, request) : default;
            if (compiled.Format is null && command.Compile is not null)
            {
                compiled = compiled.Error is null ? Compiled.Refused(RespErrors.NotInTransaction(command)) : compiled;
            }

            if (compiled.Error is not null)
            {
                request.Operations.RemoveRange(start, request.Operations.Count - start);
            }

            for (var index = start; index < request.Operations.Count; index++)
            {
                request.Operations[index] = request.Operations[index] with { IsOptional = true };
            }

            steps.Add(new PlannedStep(command, words, compiled, start, request.Operations.Count - start));
        }

        return new TransactionPlan(steps, checks);
    }
}

/// <summary>One command of a transaction, compiled.</summary>
/// <param name="Command">The command.</param>
/// <param name="Words">Its words.</param>
/// <param name="Compiled">How its operations are told, or why it is refused; neither when it has none.</param>
/// <param name="Start">Its first operation.</param>
/// <param name="Count">Its operations.</param>
internal readonly record struct PlannedStep(Command Command, CommandArguments Words, Compiled Compiled, int Start, int Count);

/// <summary>How a transaction is answered.</summary>
/// <param name="Steps">Its commands.</param>
/// <param name="Checks">Operations before them, which judge the watched keys.</param>
internal sealed record TransactionPlan(IReadOnlyList<PlannedStep> Steps, int Checks);
