using Kvs.Core.Operations;
using Kvs.Server.Doors.Resp.Wire;

namespace Kvs.Server.Doors.Resp.Commands.Keys;

/// <summary>What reads, changes and writes a value, or moves it, in one step.</summary>
internal static class EditCommands
{
    private static readonly ReplyFormat _renamed = static (reply, in results) =>
    {
        if (results.Items[0].Existed)
        {
            reply.WriteOk();
        }
        else
        {
            reply.WriteError(RespErrors.NoSuchKey);
        }
    };

    // The source is missing, or the target is there, or it was done.
    private static readonly ReplyFormat _renamedIfNew = static (reply, in results) =>
    {
        if (results.Held && !results.Items[0].Existed)
        {
            reply.WriteError(RespErrors.NoSuchKey);
        }
        else
        {
            reply.WriteInteger(results.Held && results.A == 0 ? 1 : 0);
        }
    };

    private static readonly ReplyFormat _copied = static (reply, in results) =>
        reply.WriteInteger(results.Held && results.Items[0].Existed ? 1 : 0);

    /// <summary>The commands.</summary>
    internal static IEnumerable<Command> All { get; } =
    [
        StringCommands.Write("append", 3, static (words, request) =>
        {
            request.Operations.Add(new Operation { Kind = OperationKind.Append, Key = words[1], Value = words[2] });
            return new Compiled(Formats.Number);
        }),
        StringCommands.Write("setrange", 4, SetRange) with { Traits = CommandTraits.None },
        StringCommands.Write("incrbyfloat", 3, IncrementFloat),
        Move("rename", 3) with { Compile = static (words, request) => Rename(words, request, replace: true) },
        Move("renamenx", 3) with
        {
            Compile = static (words, request) => Rename(words, request, replace: false),
            IsAllOrNothing = true,
            Traits = CommandTraits.Fast,
        },
        Move("copy", -3) with { Compile = Copy },
    ];

    private static Command Move(string name, int arity) => new(name, arity, CommandRole.Write, "keyspace")
    {
        FirstKey = 1,
        LastKey = 2,
        KeyStep = 1,
    };

    private static Compiled SetRange(CommandArguments words, WriteRequest request)
    {
        if (!RespNumbers.TryParse(words.Span(2), out long offset))
        {
            return Compiled.Refused(RespErrors.NotAnInteger);
        }

        if (offset < 0)
        {
            return Compiled.Refused("ERR offset is out of range");
        }

        if (offset > int.MaxValue - words.Span(3).Length)
        {
            return Compiled.Refused(RespErrors.TooLong);
        }

        request.Operations.Add(new Operation
        {
            Kind = OperationKind.SetRange,
            Key = words[1],
            Offset = offset,
            Value = words[3],
        });
        return new Compiled(Formats.Number);
    }

    private static Compiled IncrementFloat(CommandArguments words, WriteRequest request)
    {
        request.Operations.Add(new Operation { Kind = OperationKind.IncrementFloat, Key = words[1], Value = words[2] });
        return new Compiled(Formats.Value);
    }

    /// <summary>A copy, and a remove behind it. Of a key to itself nothing is left to do but to look whether it is there.</summary>
    private static Compiled Rename(CommandArguments words, WriteRequest request, bool replace)
    {
        if (words.Span(1).SequenceEqual(words.Span(2)))
        {
            request.Operations.Add(new Operation { Kind = OperationKind.Stat, Key = words[1] });
            return new Compiled(replace ? _renamed : _renamedIfNew, A: 1);
        }

        request.Operations.Add(CopyOf(words, replace));
        request.Operations.Add(new Operation { Kind = OperationKind.Remove, Key = words[1] });
        return new Compiled(replace ? _renamed : _renamedIfNew);
    }

    private static Compiled Copy(CommandArguments words, WriteRequest request)
    {
        var replace = false;
        for (var index = 3; index < words.Count; index++)
        {
            if (WordText.Is(words.Span(index), "REPLACE"u8))
            {
                replace = true;
            }
            else if (WordText.Is(words.Span(index), "DB"u8) && index + 1 < words.Count)
            {
                index++;
                if (RespErrors.OfDatabase(words.Span(index)) is { } error)
                {
                    return Compiled.Refused(error);
                }
            }
            else
            {
                return Compiled.Refused(RespErrors.Syntax);
            }
        }

        if (words.Span(1).SequenceEqual(words.Span(2)))
        {
            return Compiled.Refused("ERR source and destination objects are the same");
        }

        request.Operations.Add(CopyOf(words, replace));
        return new Compiled(_copied);
    }

    private static Operation CopyOf(CommandArguments words, bool replace) => new()
    {
        Kind = OperationKind.Copy,
        Key = words[1],
        Value = words[2],
        Replace = replace,
    };
}
