using Kvs.Core.Operations;
using Kvs.Server.Doors.Resp.Wire;

namespace Kvs.Server.Doors.Resp.Commands.Keys;

/// <summary>Keys: whether they are there, of what type, and away with them.</summary>
internal static class KeyCommands
{
    private static readonly ReplyFormat _type = static (reply, in results) =>
        reply.WriteSimple(results.Items[0].Existed ? "string"u8 : "none"u8);

    /// <summary>The commands.</summary>
    internal static IEnumerable<Command> All { get; } =
    [
        OfKeys("del", -2, CommandRole.Write, OperationKind.Remove, Formats.CountOfKeys, lastKey: -1),
        OfKeys("unlink", -2, CommandRole.Write, OperationKind.Remove, Formats.CountOfKeys, lastKey: -1),
        OfKeys("exists", -2, CommandRole.Read, OperationKind.Stat, Formats.CountOfKeys, lastKey: -1),
        OfKeys("type", 2, CommandRole.Read, OperationKind.Stat, _type, lastKey: 1),
        OfKeys("persist", 2, CommandRole.Write, OperationKind.Persist, Formats.Number, lastKey: 1),
        OfKeys("pttl", 2, CommandRole.Read, OperationKind.Stat, ExpiryCommands.MillisLeft, lastKey: 1),
        OfKeys("ttl", 2, CommandRole.Read, OperationKind.Stat, ExpiryCommands.SecondsLeft, lastKey: 1),
        OfKeys("expiretime", 2, CommandRole.Read, OperationKind.Stat, ExpiryCommands.SecondOfExpiry, lastKey: 1),
        OfKeys("pexpiretime", 2, CommandRole.Read, OperationKind.Stat, ExpiryCommands.MilliOfExpiry, lastKey: 1),
    ];

    // All words behind the name are keys, each with the same operation.
    private static Command OfKeys(
        string name, int arity, CommandRole role, OperationKind kind, ReplyFormat format, int lastKey) =>
        new(name, arity, role, "keyspace")
        {
            Compile = (words, request) =>
            {
                for (var index = 1; index < words.Count; index++)
                {
                    request.Operations.Add(new Operation { Kind = kind, Key = words[index] });
                }

                return new Compiled(format);
            },
            Traits = name == "del" ? CommandTraits.None : CommandTraits.Fast,
            FirstKey = 1,
            LastKey = lastKey,
            KeyStep = 1,
        };
}
