using Kvs.Server.Doors.Resp.Events;
using Kvs.Server.Doors.Resp.Wire;

namespace Kvs.Server.Doors.Resp.Commands.Server;

/// <summary>
/// SUBSCRIBE and the like: to the channels of changes of keys. Other channels may be subscribed to and stay silent, as
/// nobody can publish.
/// </summary>
internal static class SubscribeCommands
{
    /// <summary>The commands.</summary>
    internal static IEnumerable<Command> All { get; } =
    [
        Row("subscribe", -2, static call => SubscribeAsync(call, isPattern: false)),
        Row("psubscribe", -2, static call => SubscribeAsync(call, isPattern: true)),
        Row("unsubscribe", -1, static call => UnsubscribeAsync(call, isPattern: false)),
        Row("punsubscribe", -1, static call => UnsubscribeAsync(call, isPattern: true)),
    ];

    private static Command Row(string name, int arity, RunSlow run) =>
        new(name, arity, CommandRole.Read, "pubsub") { RunSlow = run, Traits = CommandTraits.WhileSubscribed };

    private static async Task SubscribeAsync(SlowCall call, bool isPattern)
    {
        var (words, client, reply) = (call.Words, call.Client, call.Reply);
        if (client.Subscriptions.Count + words.Count - 1 > Subscriptions.CountMax)
        {
            reply.WriteError($"ERR a connection subscribes to {Subscriptions.CountMax} channels and patterns at most");
            return;
        }

        // Before it is said that it listens, it does.
        if (Enumerable.Range(1, words.Count - 1).Any(index => KeyspaceChannels.MayGetEvents(words.Span(index), isPattern)))
        {
            await client.Pusher!.StartAsync();
        }

        for (var index = 1; index < words.Count; index++)
        {
            client.Subscriptions.Add(words.Span(index), isPattern);
            WriteChange(reply, isPattern ? "psubscribe"u8 : "subscribe"u8, words.Span(index), client.Subscriptions.Count);
        }
    }

    private static async Task UnsubscribeAsync(SlowCall call, bool isPattern)
    {
        var (words, client, reply) = (call.Words, call.Client, call.Reply);
        var name = isPattern ? "punsubscribe" : "unsubscribe";
        var all = words.Count > 1
            ? Enumerable.Range(1, words.Count - 1).Select(index => words[index].ToArray()).ToArray()
            : client.Subscriptions.Current.Of(isPattern);
        foreach (var word in all)
        {
            client.Subscriptions.Remove(word, isPattern);
            WriteChange(reply, System.Text.Encoding.ASCII.GetBytes(name), word, client.Subscriptions.Count);
        }

        if (all.Length == 0)
        {
            reply.BeginPush(3);
            reply.WriteBulk(name);
            reply.WriteNull();
            reply.WriteInteger(client.Subscriptions.Count);
        }

        if (client.Subscriptions.Count == 0)
        {
            await client.Pusher!.StopAsync();
        }
    }

    private static void WriteChange(RespWriter reply, ReadOnlySpan<byte> name, ReadOnlySpan<byte> word, int count)
    {
        reply.BeginPush(3);
        reply.WriteBulk(name);
        reply.WriteBulk(word);
        reply.WriteInteger(count);
    }
}
