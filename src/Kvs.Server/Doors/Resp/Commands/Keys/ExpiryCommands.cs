using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Doors.Resp.Wire;

namespace Kvs.Server.Doors.Resp.Commands.Keys;

/// <summary>When keys expire: changed, and told.</summary>
internal static class ExpiryCommands
{
    /// <summary>Tells milliseconds to live.</summary>
    internal static readonly ReplyFormat MillisLeft =
        static (reply, in results) => reply.WriteInteger(Left(in results));

    /// <summary>Tells seconds to live, rounded.</summary>
    internal static readonly ReplyFormat SecondsLeft = static (reply, in results) =>
        reply.WriteInteger(Left(in results) is var left && left < 0 ? left : (left + 500) / 1000);

    /// <summary>Tells the second of the expiry.</summary>
    internal static readonly ReplyFormat SecondOfExpiry = static (reply, in results) =>
        reply.WriteInteger(At(in results) is var at && at < 0 ? at : (at + 500) / 1000);

    /// <summary>Tells the millisecond of the expiry.</summary>
    internal static readonly ReplyFormat MilliOfExpiry = static (reply, in results) => reply.WriteInteger(At(in results));

    private const long NoExpiry = -1;
    private const long NoKey = -2;

    /// <summary>The commands.</summary>
    internal static IEnumerable<Command> All { get; } =
    [
        Row("expire", 1000, ExpiryKind.In),
        Row("pexpire", 1, ExpiryKind.In),
        Row("expireat", 1000, ExpiryKind.At),
        Row("pexpireat", 1, ExpiryKind.At),
    ];

    private static Command Row(string name, long unitMillis, ExpiryKind kind)
    {
        return new Command(name, -3, CommandRole.Write, "keyspace")
        {
            Compile = Compile,
            RunSlow = RunAsync,
            Traits = CommandTraits.Fast,
            FirstKey = 1,
            LastKey = 1,
            KeyStep = 1,
        };

        Compiled Compile(CommandArguments words, WriteRequest request)
        {
            if (!TryRead(words, unitMillis, kind, name, out var expiry, out var rule, out var error))
            {
                return Compiled.Refused(error);
            }

            if (rule != ExpiryRule.None)
            {
                return Compiled.Slow;
            }

            request.Operations.Add(expiry.Put(Expire(words[1])));
            return new Compiled(Formats.Number);
        }

        Task RunAsync(SlowCall call)
        {
            _ = TryRead(call.Words, unitMillis, kind, name, out var expiry, out var rule, out _);
            return ConditionalExpiry.RunAsync(call, expiry, rule);
        }
    }

    private static Operation Expire(ReadOnlyMemory<byte> key) => new() { Kind = OperationKind.Expire, Key = key };

    private static bool TryRead(
        CommandArguments words, long unitMillis, ExpiryKind kind, string name, out AskedExpiry expiry, out ExpiryRule rule,
        out string error)
    {
        expiry = default;
        if (!ConditionalExpiry.TryReadRule(words, out rule, out error))
        {
            return false;
        }

        if (!RespNumbers.TryParse(words.Span(2), out long number))
        {
            error = RespErrors.NotAnInteger;
            return false;
        }

        if (number > long.MaxValue / 2 / unitMillis || number < long.MinValue / unitMillis)
        {
            error = RespErrors.BadExpiry(name);
            return false;
        }

        // What is not later than now removes the key; as a time it is one that has passed.
        var millis = number * unitMillis;
        expiry = millis > 0 ? new AskedExpiry(kind, millis) : new AskedExpiry(ExpiryKind.At, 1);
        return true;
    }

    private static long At(in CommandResults results) => results.Items[0] switch
    {
        { Existed: false } => NoKey,
        { ExpiresAtMillis: 0 } => NoExpiry,
        var item => item.ExpiresAtMillis,
    };

    // A read tells what is left by the log time of its state; behind writes there is the machine's time only.
    private static long Left(in CommandResults results) => At(in results) is var at && at < 0
        ? at
        : results.Items[0].Number is > 0 and var left ? left : Math.Max(0, at - results.NowMillis);
}
