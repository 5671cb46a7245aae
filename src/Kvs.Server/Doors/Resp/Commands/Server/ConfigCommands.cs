using System.Globalization;
using System.Text;
using Kvs.Server.Doors.Resp.Wire;

namespace Kvs.Server.Doors.Resp.Commands.Server;

/// <summary>CONFIG: what tools ask for of Redis' settings, as it is here. They are set by this server's own settings.</summary>
internal static class ConfigCommands
{
    /// <summary>Settings that may be set to any value, as nothing here depends on them.</summary>
    private static readonly HashSet<string> _free = ["notify-keyspace-events", "slowlog-log-slower-than", "slowlog-max-len"];

    /// <summary>The children.</summary>
    internal static CommandTable Children { get; } = new(
        Child("get", -3, Get),
        Child("set", -4, Set),
        Child("resetstat", 2, static (_, _, reply) => reply.WriteOk()),
        Child("rewrite", 2, static (_, _, reply) => reply.WriteError("ERR The server is running without a config file")));

    private static Command Child(string name, int arity, Run run) =>
        new($"config|{name}", arity, CommandRole.Admin, "admin") { Run = run };

    private static (string Name, string Value)[] Values(RespClient client)
    {
        var context = client.Shared.Context;
        return
        [
            ("appendfsync", context.Dispatcher.Info().Durability == "always" ? "always" : "no"),
            ("appendonly", "yes"),
            ("databases", "1"),
            ("maxclients", Text(context.Options.ConnectionsMax)),
            ("maxmemory", "0"),
            ("maxmemory-policy", "noeviction"),
            ("notify-keyspace-events", ""),
            ("port", Text(client.Shared.Port)),
            ("proto-max-bulk-len", Text(context.Options.ValueBytesMax)),
            ("replica-read-only", "yes"),
            ("save", ""),
            ("slave-read-only", "yes"),
            ("timeout", Text((long)context.Options.IdleTimeout.TotalSeconds)),
        ];
    }

    private static void Get(CommandArguments words, RespClient client, RespWriter reply)
    {
        var found = Values(client).Where(setting => Enumerable.Range(2, words.Count - 2).Any(index =>
            GlobPattern.Matches(
                Encoding.Latin1.GetBytes(WordText.Of(words.Span(index)).ToLowerInvariant()),
                Encoding.ASCII.GetBytes(setting.Name)))).ToList();
        reply.BeginMap(found.Count);
        foreach (var (name, value) in found)
        {
            reply.WriteBulk(name);
            reply.WriteBulk(value);
        }
    }

    private static void Set(CommandArguments words, RespClient client, RespWriter reply)
    {
        if (words.Count % 2 != 0)
        {
            reply.WriteError(RespErrors.WrongCount(new Command("config|set", -4, CommandRole.Admin, "admin")));
            return;
        }

        var known = Values(client).ToDictionary(static setting => setting.Name, static setting => setting.Value);
        for (var index = 2; index < words.Count; index += 2)
        {
            var name = WordText.Of(words.Span(index));
            var small = name.ToLowerInvariant();
            if (_free.Contains(small))
            {
                continue;
            }

            if (!known.TryGetValue(small, out var value))
            {
                reply.WriteError($"ERR Unknown option or number of arguments for CONFIG SET - '{name}'");
                return;
            }

            if (!WordText.Is(words.Span(index + 1), Encoding.ASCII.GetBytes(value)))
            {
                reply.WriteError($"ERR CONFIG SET failed (possibly related to argument '{name}') - can't set immutable config");
                return;
            }
        }

        reply.WriteOk();
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
