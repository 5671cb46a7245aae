using System.Text;
using Kvs.Server.Doors.Resp.Wire;

namespace Kvs.Server.Doors.Resp.Commands.Server;

/// <summary>What a connection says of itself: PING, ECHO, HELLO, AUTH, SELECT, QUIT, RESET.</summary>
internal static class ConnectionCommands
{
    private const CommandTraits Always = CommandTraits.Fast | CommandTraits.NoAuth;

    /// <summary>The commands.</summary>
    internal static IEnumerable<Command> All { get; } =
    [
        Row("ping", -1, CommandTraits.Fast | CommandTraits.WhileSubscribed, static (words, client, reply) =>
        {
            if (words.Count > 2)
            {
                reply.WriteError("ERR wrong number of arguments for 'ping' command");
            }
            else if (client.ListensOnly)
            {
                reply.BeginArray(2);
                reply.WriteBulk("pong"u8);
                reply.WriteBulk(words.Count == 2 ? words.Span(1) : []);
            }
            else if (words.Count == 2)
            {
                reply.WriteBulk(words.Span(1));
            }
            else
            {
                reply.WriteSimple("PONG"u8);
            }
        }),
        Row("echo", 2, CommandTraits.Fast, static (words, _, reply) => reply.WriteBulk(words.Span(1))),
        new("hello", -1, CommandRole.Anyone, "connection") { Traits = Always, RunSlow = HelloAsync },
        new("auth", -2, CommandRole.Anyone, "connection") { Traits = Always, RunSlow = AuthenticateAsync },
        Row("select", 2, CommandTraits.Fast, Select),
        Row("quit", -1, Always | CommandTraits.InTransaction | CommandTraits.WhileSubscribed, static (_, client, reply) =>
        {
            client.IsLeaving = true;
            reply.WriteOk();
        }),
        new("reset", 1, CommandRole.Anyone, "connection")
        {
            Traits = Always | CommandTraits.InTransaction | CommandTraits.WhileSubscribed,
            RunSlow = ResetAsync,
        },
    ];

    /// <summary>Whether a name may be given to a connection: visible ASCII without spaces.</summary>
    /// <param name="name">The name.</param>
    internal static bool IsName(ReadOnlySpan<byte> name) => !name.ContainsAnyExceptInRange((byte)'!', (byte)'~');

    private static Command Row(string name, int arity, CommandTraits traits, Run run) =>
        new(name, arity, CommandRole.Anyone, "connection") { Traits = traits, Run = run };

    private static async Task ResetAsync(SlowCall call)
    {
        var (client, reply) = (call.Client, call.Reply);
        client.EndTransaction();
        client.Subscriptions.Clear();
        await client.Pusher!.StopAsync();
        client.Name = "";
        client.Access.Become(client.Access.Access.Stranger);
        client.Protocol = reply.Protocol = 2;
        reply.WriteSimple("RESET"u8);
    }

    private static void Select(CommandArguments words, RespClient client, RespWriter reply)
    {
        if (RespErrors.OfDatabase(words.Span(1)) is { } error)
        {
            reply.WriteError(error);
        }
        else
        {
            reply.WriteOk();
        }
    }

    private static async Task AuthenticateAsync(SlowCall call)
    {
        var (words, client, reply) = (call.Words, call.Client, call.Reply);
        if (words.Count > 3)
        {
            reply.WriteError(RespErrors.Syntax);
        }
        else if (words.Count == 2 && client.Access.Access.Stranger is not null)
        {
            reply.WriteError("ERR AUTH <password> called without any password configured for the default user. "
                + "Are you sure your configuration is correct?");
        }
        else if (await TryEnterAsync(client, words.Count == 2 ? "default" : TextOf(words[1]), words[words.Count - 1]))
        {
            reply.WriteOk();
        }
        else
        {
            reply.WriteError(RespErrors.WrongPassword);
        }
    }

    // Who was known before and gives a wrong password stays who it was, as in Redis.
    private static async Task<bool> TryEnterAsync(RespClient client, string user, ReadOnlyMemory<byte> password)
    {
        var identity = await client.Access.Access.ByPasswordAsync(user, password, client.Address);
        if (identity is not null)
        {
            client.Access.Become(identity);
        }

        return identity is not null;
    }

    private static string TextOf(ReadOnlyMemory<byte> word) => Encoding.UTF8.GetString(word.Span);

    private static async Task HelloAsync(SlowCall call)
    {
        var (words, client, reply) = (call.Words, call.Client, call.Reply);
        var protocol = (long)client.Protocol;
        if (words.Count > 1 && !RespNumbers.TryParse(words.Span(1), out protocol))
        {
            reply.WriteError("ERR Protocol version is not an integer or out of range");
            return;
        }

        if (protocol is not (2 or 3))
        {
            reply.WriteError("NOPROTO unsupported protocol version");
            return;
        }

        if (await RefuseHelloAsync(words, client) is { } error)
        {
            reply.WriteError(error);
            return;
        }

        client.Protocol = reply.Protocol = (int)protocol;
        var info = client.Shared.Context.Dispatcher.Info();
        reply.BeginMap(7);
        reply.WriteBulk("server"u8);
        reply.WriteBulk("redis"u8);
        reply.WriteBulk("version"u8);
        reply.WriteBulk(InfoText.RedisVersion);
        reply.WriteBulk("proto"u8);
        reply.WriteInteger(client.Protocol);
        reply.WriteBulk("id"u8);
        reply.WriteInteger(client.Id);
        reply.WriteBulk("mode"u8);
        reply.WriteBulk("standalone"u8);
        reply.WriteBulk("role"u8);
        reply.WriteBulk(InfoText.RoleOf(info.Role));
        reply.WriteBulk("modules"u8);
        reply.BeginArray(0);
    }

    /// <summary>Reads the options, and does what they say when all of them are right.</summary>
    /// <returns>Why they are not.</returns>
    private static async Task<string?> RefuseHelloAsync(CommandArguments words, RespClient client)
    {
        var (nameAt, userAt) = (0, 0);
        for (var index = 2; index < words.Count; index++)
        {
            if (WordText.Is(words.Span(index), "AUTH"u8) && index + 2 < words.Count)
            {
                userAt = index + 1;
                index += 2;
            }
            else if (WordText.Is(words.Span(index), "SETNAME"u8) && index + 1 < words.Count)
            {
                nameAt = ++index;
                if (!IsName(words.Span(index)))
                {
                    return RespErrors.BadName;
                }
            }
            else
            {
                return $"ERR Syntax error in HELLO option '{WordText.Of(words.Span(index))}'";
            }
        }

        if (userAt > 0 && !await TryEnterAsync(client, TextOf(words[userAt]), words[userAt + 1]))
        {
            return RespErrors.WrongPassword;
        }

        if (!client.Access.IsKnown)
        {
            return "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> "
                + "<pass> option can be used to authenticate the client and select the RESP protocol version at the same time";
        }

        client.Name = nameAt > 0 ? WordText.Of(words.Span(nameAt), int.MaxValue) : client.Name;
        return null;
    }
}
