using System.Globalization;
using System.Text;
using Kvs.Server.Doors.Resp.Commands.Transactions;
using Kvs.Server.Doors.Resp.Wire;

namespace Kvs.Server.Doors.Resp.Commands.Server;

/// <summary>CLIENT and its children: names, numbers, and who is there.</summary>
internal static class ClientCommands
{
    /// <summary>The command.</summary>
    internal static Command Row { get; } = new("client", -2, CommandRole.Anyone, "connection")
    {
        Children = new CommandTable(
            Child("id", 2, static (_, client, reply) => reply.WriteInteger(client.Id)),
            Child("getname", 2, static (_, client, reply) =>
            {
                if (client.Name.Length == 0)
                {
                    reply.WriteNull();
                }
                else
                {
                    reply.WriteBulk(client.Name);
                }
            }),
            Child("setname", 3, SetName),
            Child("setinfo", 4, SetInfo),
            Child("info", 2, static (_, client, reply) => reply.WriteVerbatim(Line(client))),
            Child("list", -2, List),
            Child("no-evict", 3, NoEvict)),
    };

    private static Command Child(string name, int arity, Run run) =>
        new($"client|{name}", arity, name == "list" ? CommandRole.Admin : CommandRole.Anyone, "connection") { Run = run };

    private static void SetName(CommandArguments words, RespClient client, RespWriter reply)
    {
        if (!ConnectionCommands.IsName(words.Span(2)))
        {
            reply.WriteError(RespErrors.BadName);
            return;
        }

        client.Name = WordText.Of(words.Span(2), int.MaxValue);
        reply.WriteOk();
    }

    // Of Redis 7.2: clients send it to any server and take an error; the library is not kept.
    private static void SetInfo(CommandArguments words, RespClient client, RespWriter reply)
    {
        var attribute = words.Span(2);
        if (!WordText.Is(attribute, "LIB-NAME"u8) && !WordText.Is(attribute, "LIB-VER"u8))
        {
            reply.WriteError($"ERR Unrecognized option '{WordText.Of(attribute)}'");
        }
        else if (!ConnectionCommands.IsName(words.Span(3)))
        {
            reply.WriteError(
                $"ERR {WordText.Of(attribute)} cannot contain spaces, newlines or special characters.");
        }
        else
        {
            reply.WriteOk();
        }
    }

    private static void NoEvict(CommandArguments words, RespClient client, RespWriter reply)
    {
        // No connection is closed to save memory here, so both are true already.
        if (WordText.Is(words.Span(2), "ON"u8) || WordText.Is(words.Span(2), "OFF"u8))
        {
            reply.WriteOk();
        }
        else
        {
            reply.WriteError(RespErrors.Syntax);
        }
    }

    private static void List(CommandArguments words, RespClient client, RespWriter reply)
    {
        var clients = client.Shared.Clients.Values.OrderBy(static one => one.Id);
        if (words.Count == 2)
        {
            reply.WriteVerbatim(string.Concat(clients.Select(Line)));
        }
        else if (words.Count == 4 && WordText.Is(words.Span(2), "TYPE"u8))
        {
            ListType(words.Span(3), string.Concat(clients.Select(Line)), reply);
        }
        else if (words.Count > 3 && WordText.Is(words.Span(2), "ID"u8))
        {
            ListIds(words, client, reply);
        }
        else
        {
            reply.WriteError(RespErrors.Syntax);
        }
    }

    private static void ListType(ReadOnlySpan<byte> type, string all, RespWriter reply)
    {
        if (WordText.Is(type, "NORMAL"u8))
        {
            reply.WriteVerbatim(all);
        }
        else if (WordText.Is(type, "MASTER"u8) || WordText.Is(type, "REPLICA"u8) || WordText.Is(type, "SLAVE"u8)
            || WordText.Is(type, "PUBSUB"u8))
        {
            reply.WriteVerbatim("");
        }
        else
        {
            reply.WriteError($"ERR Unknown client type '{WordText.Of(type)}'");
        }
    }

    private static void ListIds(CommandArguments words, RespClient client, RespWriter reply)
    {
        var lines = new StringBuilder();
        for (var index = 3; index < words.Count; index++)
        {
            if (!RespNumbers.TryParse(words.Span(index), out long id))
            {
                reply.WriteError("ERR Invalid client ID");
                return;
            }

            if (client.Shared.Clients.TryGetValue(id, out var found))
            {
                lines.Append(Line(found));
            }
        }

        reply.WriteVerbatim(lines.ToString());
    }

    private static string Line(RespClient client)
    {
        var time = client.Shared.Context.Time;
        var age = (long)time.GetElapsedTime(client.OpenedAt).TotalSeconds;
        var idle = (long)time.GetElapsedTime(client.UsedAt).TotalSeconds;
        var multi = client.Transaction?.Count ?? -1;
        var subscribed = client.Subscriptions.Current;
        var flags = subscribed.Channels.Length + subscribed.Patterns.Length > 0 ? "P" : multi < 0 ? "N" : "x";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"id={client.Id} addr={client.Address} laddr=127.0.0.1:{client.Shared.Port} fd=-1 name={client.Name} age={age} "
            + $"idle={idle} flags={flags} db=0 sub={subscribed.Channels.Length} psub={subscribed.Patterns.Length} ssub=0 multi={multi} "
            + $"cmd={client.LastCommand} user={client.Access.Identity?.Name ?? "default"} redir=-1 resp={client.Protocol}\n");
    }
}
