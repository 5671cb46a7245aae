using System.Text;
using Kvs.Server.Doors.Resp.Wire;

namespace Kvs.Server.Doors.Resp.Commands.Server;

/// <summary>COMMAND: what the table of commands says of itself.</summary>
internal static class CatalogueCommands
{
    /// <summary>The command.</summary>
    internal static Command Row { get; } = new("command", -1, CommandRole.Anyone, "connection")
    {
        // Alone it lists all; a child says more.
        Run = static (_, client, reply) => WriteAll(client.Shared.Commands.All, reply),
        Children = new CommandTable(
            Child("count", 2, static (_, client, reply) => reply.WriteInteger(client.Shared.Commands.All.Count)),
            Child("docs", -2, static (_, _, reply) => reply.BeginMap(0)),
            Child("info", -2, Info),
            Child("list", 2, static (_, client, reply) =>
            {
                reply.BeginArray(client.Shared.Commands.All.Count);
                foreach (var command in client.Shared.Commands.All)
                {
                    reply.WriteBulk(command.Name);
                }
            })),
    };

    private static Command Child(string name, int arity, Run run) =>
        new($"command|{name}", arity, CommandRole.Anyone, "connection") { Run = run };

    private static void Info(CommandArguments words, RespClient client, RespWriter reply)
    {
        if (words.Count == 2)
        {
            WriteAll(client.Shared.Commands.All, reply);
            return;
        }

        reply.BeginArray(words.Count - 2);
        for (var index = 2; index < words.Count; index++)
        {
            if (client.Shared.Commands.TryFind(words.Span(index), out var command))
            {
                Write(command, reply);
            }
            else
            {
                reply.WriteNull();
            }
        }
    }

    private static void WriteAll(IReadOnlyList<Command> commands, RespWriter reply)
    {
        reply.BeginArray(commands.Count);
        foreach (var command in commands)
        {
            Write(command, reply);
        }
    }

    // Name, arity, flags, first key, last key, step, categories, hints, key specifications, children.
    private static void Write(Command command, RespWriter reply)
    {
        reply.BeginArray(10);
        reply.WriteBulk(command.Name);
        reply.WriteInteger(command.Arity);
        WriteSet(FlagsOf(command), reply);
        reply.WriteInteger(command.FirstKey);
        reply.WriteInteger(command.LastKey);
        reply.WriteInteger(command.KeyStep);
        WriteSet(CategoriesOf(command), reply);
        reply.BeginArray(0);
        reply.BeginArray(0);
        reply.BeginArray(command.Children?.All.Count ?? 0);
        foreach (var child in command.Children?.All ?? [])
        {
            Write(child, reply);
        }
    }

    private static void WriteSet(List<string> names, RespWriter reply)
    {
        reply.BeginSet(names.Count);
        foreach (var name in names)
        {
            reply.WriteSimple(Encoding.ASCII.GetBytes(name));
        }
    }

    private static List<string> FlagsOf(Command command)
    {
        var flags = new List<string>();
        void Add(bool holds, string flag)
        {
            if (holds)
            {
                flags.Add(flag);
            }
        }

        Add(command.Role == CommandRole.Write, "write");
        Add(command.Role == CommandRole.Read, "readonly");
        Add(command.Role == CommandRole.Admin, "admin");
        Add(command.Has(CommandTraits.NoAuth), "no_auth");
        Add(command.Has(CommandTraits.Fast), "fast");
        return flags;
    }

    private static List<string> CategoriesOf(Command command)
    {
        var speed = command.Has(CommandTraits.Fast) ? "@fast" : "@slow";
        return command.Role switch
        {
            CommandRole.Write => ["@write", $"@{command.Family}", speed],
            CommandRole.Read => ["@read", $"@{command.Family}", speed],
            CommandRole.Admin => ["@admin", $"@{command.Family}", speed],
            _ => [$"@{command.Family}", speed],
        };
    }
}
