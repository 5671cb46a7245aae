using Kvs.Core.Engines.Facade;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Doors.Resp.Wire;

namespace Kvs.Server.Doors.Resp.Commands.Keys;

/// <summary>What the present expiry of a key must be for a new one to take its place.</summary>
[Flags]
internal enum ExpiryRule
{
    /// <summary>Anything.</summary>
    None = 0,

    /// <summary>NX: none.</summary>
    IfNone = 1,

    /// <summary>XX: some.</summary>
    IfSome = 2,

    /// <summary>GT: earlier; none is later than all.</summary>
    IfEarlier = 4,

    /// <summary>LT: later; none is later than all.</summary>
    IfLater = 8,
}

/// <summary>
/// EXPIRE and the like with NX, XX, GT or LT: reads the key, judges, and writes on the condition that the key still has
/// the version that was read; again while others are faster.
/// </summary>
internal static class ConditionalExpiry
{
    private const int TriesMax = 100;

    /// <summary>Reads the options behind the third word.</summary>
    /// <param name="words">The words.</param>
    /// <param name="rule">The rule.</param>
    /// <param name="error">Why they are refused.</param>
    internal static bool TryReadRule(CommandArguments words, out ExpiryRule rule, out string error)
    {
        rule = ExpiryRule.None;
        error = "";
        for (var index = 3; index < words.Count; index++)
        {
            var word = words.Span(index);
            var one = WordText.Is(word, "NX"u8) ? ExpiryRule.IfNone
                : WordText.Is(word, "XX"u8) ? ExpiryRule.IfSome
                : WordText.Is(word, "GT"u8) ? ExpiryRule.IfEarlier
                : WordText.Is(word, "LT"u8) ? ExpiryRule.IfLater
                : ExpiryRule.None;
            if (one == ExpiryRule.None)
            {
                error = $"ERR Unsupported option {WordText.Of(word)}";
                return false;
            }

            rule |= one;
        }

        if (rule.HasFlag(ExpiryRule.IfNone) && rule != ExpiryRule.IfNone)
        {
            error = "ERR NX and XX, GT or LT options at the same time are not compatible";
        }
        else if (rule.HasFlag(ExpiryRule.IfEarlier | ExpiryRule.IfLater))
        {
            error = "ERR GT and LT options at the same time are not compatible";
        }

        return error.Length == 0;
    }

    /// <summary>Runs one.</summary>
    /// <param name="call">Its words.</param>
    /// <param name="expiry">The new expiry.</param>
    /// <param name="rule">The rule.</param>
    internal static async Task RunAsync(SlowCall call, AskedExpiry expiry, ExpiryRule rule)
    {
        for (var tries = 0; tries < TriesMax; tries++)
        {
            var present = await call.StatAsync(call.Words[1]);
            if (!present.Existed || !Allows(rule, in present, AtMillis(call, expiry)))
            {
                call.Reply.WriteInteger(0);
                return;
            }

            var write = new PendingWrite(Durability.Default);
            write.AddOwned(expiry.Put(new Operation
            {
                Kind = OperationKind.Expire,
                Key = call.Words[1],
                Condition = KvsCondition.IfVersion(present.Version),
            }));
            var request = await call.WriteAsync(write);
            if (request.Code == ErrorCode.None)
            {
                call.Reply.WriteInteger(1);
                return;
            }

            if (request.Code != ErrorCode.ConditionFailed)
            {
                call.Reply.WriteError(RespErrors.Of(request.Code, request.Message));
                return;
            }
        }

        call.Reply.WriteError(RespErrors.Of(ErrorCode.Overloaded, "The key is written all the time; nothing was changed."));
    }

    private static long AtMillis(SlowCall call, AskedExpiry expiry) =>
        expiry.Kind == ExpiryKind.At ? expiry.Millis : call.NowMillis + expiry.Millis;

    private static bool Allows(ExpiryRule rule, in OperationResult present, long newMillis)
    {
        var has = present.ExpiresAtMillis != 0;
        return !(rule.HasFlag(ExpiryRule.IfNone) && has)
            && !(rule.HasFlag(ExpiryRule.IfSome) && !has)
            && !(rule.HasFlag(ExpiryRule.IfEarlier) && (!has || newMillis <= present.ExpiresAtMillis))
            && !(rule.HasFlag(ExpiryRule.IfLater) && has && newMillis >= present.ExpiresAtMillis);
    }
}
