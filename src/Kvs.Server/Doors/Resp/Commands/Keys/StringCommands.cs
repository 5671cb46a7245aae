using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Doors.Resp.Wire;

namespace Kvs.Server.Doors.Resp.Commands.Keys;

/// <summary>Strings: reading and writing whole values and parts of them.</summary>
internal static class StringCommands
{
    /// <summary>The command that is answered straight from the engine.</summary>
    internal static readonly Command Get = Read("get", 2, Formats.Value, OperationKind.Get, CommandTraits.Fast);

    private static readonly ReplyFormat _range = static (reply, in results) =>
    {
        if (!results.Items[0].HasValue)
        {
            reply.WriteBulk([]);
            return;
        }

        var value = results.ValueOf(0);
        var (start, end) = (results.A, results.B);
        if (start < 0 && end < 0 && start > end)
        {
            reply.WriteBulk([]);
            return;
        }

        start = Math.Max(start < 0 ? start + value.Length : start, 0);
        end = Math.Min(Math.Max(end < 0 ? end + value.Length : end, 0), value.Length - 1);
        reply.WriteBulk(start > end ? [] : value[(int)start..(int)(end + 1)]);
    };

    /// <summary>The commands.</summary>
    internal static IEnumerable<Command> All { get; } =
    [
        Get,
        SetCommand.Row,
        Read("mget", -2, Formats.Values, OperationKind.Get, CommandTraits.Fast) with { LastKey = -1 },
        Read("strlen", 2, Formats.Length, OperationKind.Stat, CommandTraits.Fast),
        Read("getrange", 4, _range, OperationKind.Get, CommandTraits.None) with { Compile = Range },
        Read("substr", 4, _range, OperationKind.Get, CommandTraits.None) with { Compile = Range },
        Write("setnx", 3, static (words, request) =>
        {
            request.Operations.Add(Set(words[1], words[2]) with { Condition = KvsCondition.Absent });
            return new Compiled(Formats.OneOrZero);
        }),
        Write("setex", 4, static (words, request) => SetFor(words, request, "setex", 1000)),
        Write("psetex", 4, static (words, request) => SetFor(words, request, "psetex", 1)),
        Write("getset", 3, static (words, request) =>
        {
            request.Operations.Add(Set(words[1], words[2]) with { ReturnPrevious = true });
            return new Compiled(Formats.Value);
        }),
        Write("getdel", 2, static (words, request) =>
        {
            request.Operations.Add(new Operation { Kind = OperationKind.Remove, Key = words[1], ReturnPrevious = true });
            return new Compiled(Formats.Value);
        }),
        Write("getex", -2, GetAndExpire),
        Write("mset", -3, static (words, request) => SetMany(words, request, default, Formats.Ok, "mset"), -1, 2),
        Write("msetnx", -3, static (words, request) =>
            SetMany(words, request, KvsCondition.Absent, Formats.OneOrZero, "msetnx"), -1, 2) with { IsAllOrNothing = true },
    ];

    /// <summary>A set.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    internal static Operation Set(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value) =>
        new() { Kind = OperationKind.Set, Key = key, Value = value };

    /// <summary>A row of a command that writes one key, or several.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="arity">Its number of words.</param>
    /// <param name="compile">How it is compiled.</param>
    /// <param name="lastKey">Place of the last key.</param>
    /// <param name="step">Words from key to key.</param>
    internal static Command Write(string name, int arity, Compile compile, int lastKey = 1, int step = 1) =>
        new(name, arity, CommandRole.Write, "string")
        {
            Compile = compile,
            Traits = lastKey == 1 ? CommandTraits.Fast : CommandTraits.None,
            FirstKey = 1,
            LastKey = lastKey,
            KeyStep = step,
        };

    // All words behind the name are keys, each with the same operation.
    private static Command Read(string name, int arity, ReplyFormat format, OperationKind kind, CommandTraits traits) =>
        new(name, arity, CommandRole.Read, "string")
        {
            Compile = (words, request) =>
            {
                for (var index = 1; index < words.Count; index++)
                {
                    request.Operations.Add(new Operation { Kind = kind, Key = words[index] });
                }

                return new Compiled(format);
            },
            Traits = traits,
            FirstKey = 1,
            LastKey = 1,
            KeyStep = 1,
        };

    private static Compiled Range(CommandArguments words, WriteRequest request)
    {
        if (!RespNumbers.TryParse(words.Span(2), out long start) || !RespNumbers.TryParse(words.Span(3), out long end))
        {
            return Compiled.Refused(RespErrors.NotAnInteger);
        }

        request.Operations.Add(new Operation { Kind = OperationKind.Get, Key = words[1] });
        return new Compiled(_range, start, end);
    }

    private static Compiled SetFor(CommandArguments words, WriteRequest request, string name, long unitMillis)
    {
        if (!Expiries.TryRead(words.Span(2), unitMillis, ExpiryKind.In, name, out var expiry, out var error))
        {
            return Compiled.Refused(error);
        }

        request.Operations.Add(expiry.Put(Set(words[1], words[3])));
        return new Compiled(Formats.Ok);
    }

    private static Compiled SetMany(
        CommandArguments words, WriteRequest request, KvsCondition condition, ReplyFormat format, string name)
    {
        if (words.Count % 2 == 0)
        {
            return Compiled.Refused($"ERR wrong number of arguments for '{name}' command");
        }

        // A key that is given twice is there when it is judged the second time: the condition is asked of all keys first.
        for (var index = 1; condition != default && index < words.Count; index += 2)
        {
            request.Operations.Add(new Operation { Kind = OperationKind.Check, Key = words[index], Condition = condition });
        }

        for (var index = 1; index < words.Count; index += 2)
        {
            request.Operations.Add(Set(words[index], words[index + 1]));
        }

        return new Compiled(format);
    }

    private static Compiled GetAndExpire(CommandArguments words, WriteRequest request)
    {
        var (expiryAt, unitMillis, kind, clears) = (0, 0L, ExpiryKind.None, false);
        for (var index = 2; index < words.Count; index++)
        {
            if (expiryAt == 0 && WordText.Is(words.Span(index), "PERSIST"u8))
            {
                clears = true;
            }
            else if (!clears && index + 1 < words.Count
                && Expiries.TryFindOption(words.Span(index), out var unit, out var oneKind)
                && (expiryAt == 0 || (unit, oneKind) == (unitMillis, kind)))
            {
                (unitMillis, kind) = (unit, oneKind); // given twice, the last one counts
                expiryAt = ++index;
            }
            else
            {
                return Compiled.Refused(RespErrors.Syntax);
            }
        }

        request.Operations.Add(new Operation { Kind = OperationKind.Get, Key = words[1] });
        if (clears)
        {
            request.Operations.Add(new Operation { Kind = OperationKind.Persist, Key = words[1] });
        }
        else if (expiryAt > 0)
        {
            if (!Expiries.TryRead(words.Span(expiryAt), unitMillis, kind, "getex", out var expiry, out var error))
            {
                return Compiled.Refused(error);
            }

            request.Operations.Add(expiry.Put(new Operation { Kind = OperationKind.Expire, Key = words[1] }));
        }

        return new Compiled(Formats.Value);
    }
}
