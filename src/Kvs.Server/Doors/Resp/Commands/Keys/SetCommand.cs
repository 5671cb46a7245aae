using Kvs.Core.Operations;
using Kvs.Server.Doors.Resp.Wire;

namespace Kvs.Server.Doors.Resp.Commands.Keys;

/// <summary>SET key value [NX | XX] [GET] [EX seconds | PX millis | EXAT seconds | PXAT millis | KEEPTTL].</summary>
internal static class SetCommand
{
    /// <summary>Its row.</summary>
    internal static Command Row { get; } = StringCommands.Write("set", -3, Compile) with { Traits = CommandTraits.None };

    private static Compiled Compile(CommandArguments words, WriteRequest request)
    {
        var operation = StringCommands.Set(words[1], words[2]);
        if (words.Count > 3 && !TryReadOptions(words, ref operation, out var error))
        {
            return Compiled.Refused(error);
        }

        // The verdict of an optional operation comes with the previous value beside it; that of a request without.
        var isOptional = operation.ReturnPrevious && operation.Condition != default;
        request.Operations.Add(isOptional ? operation with { IsOptional = true } : operation);
        return new Compiled(
            operation.ReturnPrevious ? Formats.Value : operation.Condition == default ? Formats.Ok : Formats.OkOrNull);
    }

    private static bool TryReadOptions(CommandArguments words, ref Operation operation, out string error)
    {
        error = RespErrors.Syntax;
        var expiryAt = 0;
        var (unitMillis, kind) = (0L, ExpiryKind.None);
        for (var index = 3; index < words.Count; index++)
        {
            var option = words.Span(index);
            if (WordText.Is(option, "NX"u8) && operation.Condition != KvsCondition.Present)
            {
                operation = operation with { Condition = KvsCondition.Absent };
            }
            else if (WordText.Is(option, "XX"u8) && operation.Condition != KvsCondition.Absent)
            {
                operation = operation with { Condition = KvsCondition.Present };
            }
            else if (WordText.Is(option, "GET"u8))
            {
                operation = operation with { ReturnPrevious = true };
            }
            else if (WordText.Is(option, "KEEPTTL"u8) && expiryAt == 0)
            {
                operation = operation with { Expiry = ExpiryKind.Keep };
            }
            else if (operation.Expiry == ExpiryKind.None && index + 1 < words.Count
                && Expiries.TryFindOption(option, out var unit, out var oneKind)
                && (expiryAt == 0 || (unit, oneKind) == (unitMillis, kind)))
            {
                (unitMillis, kind) = (unit, oneKind); // given twice, the last one counts
                expiryAt = ++index;
            }
            else
            {
                return false;
            }
        }

        if (expiryAt == 0)
        {
            return true;
        }

        if (!Expiries.TryRead(words.Span(expiryAt), unitMillis, kind, "set", out var expiry, out var refused))
        {
            error = refused;
            return false;
        }

        operation = expiry.Put(in operation);
        return true;
    }
}
