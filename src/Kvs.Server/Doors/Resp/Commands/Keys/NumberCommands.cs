using Kvs.Core.Operations;
using Kvs.Server.Doors.Resp.Wire;

namespace Kvs.Server.Doors.Resp.Commands.Keys;

/// <summary>Strings that are numbers.</summary>
internal static class NumberCommands
{
    /// <summary>The commands.</summary>
    internal static IEnumerable<Command> All { get; } =
    [
        StringCommands.Write("incr", 2, static (words, request) => Add(words, request, 1)),
        StringCommands.Write("decr", 2, static (words, request) => Add(words, request, -1)),
        StringCommands.Write("incrby", 3, static (words, request) =>
            RespNumbers.TryParse(words.Span(2), out long by)
                ? Add(words, request, by)
                : Compiled.Refused(RespErrors.NotAnInteger)),
        StringCommands.Write("decrby", 3, static (words, request) =>
            !RespNumbers.TryParse(words.Span(2), out long by)
                ? Compiled.Refused(RespErrors.NotAnInteger)
                : by == long.MinValue
                    ? Compiled.Refused("ERR decrement would overflow")
                    : Add(words, request, -by)),
    ];

    private static Compiled Add(CommandArguments words, WriteRequest request, long by)
    {
        request.Operations.Add(new Operation { Kind = OperationKind.Increment, Key = words[1], Delta = by });
        return new Compiled(Formats.Number);
    }
}
