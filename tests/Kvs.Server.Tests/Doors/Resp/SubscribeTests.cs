using Kvs.Core.Platform;
using Kvs.Server.Configuration;
using Kvs.Server.Engines;
using Kvs.TestKit;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Server.Tests.Doors.Resp;

/// <summary>Changes of keys, as subscribers hear of them.</summary>
public sealed class SubscribeTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_subscriber_hears_of_keys_and_of_events_each_change_once_and_in_order()
    {
        await using var server = await OpenAsync();
        using var listener = await RespWire.ConnectAsync(server.Port);
        using var writer = await RespWire.ConnectAsync(server.Port);
        Assert.Equal("*3|$9|subscribe|$16|__keyspace@0__:a|:1|", await listener.AskAsync("SUBSCRIBE", "__keyspace@0__:a"));
        Assert.Equal("*3|$10|psubscribe|$16|__keyevent@0__:*|:2|", await listener.AskAsync("PSUBSCRIBE", "__keyevent@0__:*"));
        await writer.AskLineAsync("SET a 1");
        await writer.AskLineAsync("SET b 1");
        await writer.AskLineAsync("DEL a");
        Assert.Equal("*3|$7|message|$16|__keyspace@0__:a|$3|set|", await listener.ReplyAsync());
        Assert.Equal("*4|$8|pmessage|$16|__keyevent@0__:*|$18|__keyevent@0__:set|$1|a|", await listener.ReplyAsync());
        Assert.Equal("*4|$8|pmessage|$16|__keyevent@0__:*|$18|__keyevent@0__:set|$1|b|", await listener.ReplyAsync());
        Assert.Equal("*3|$7|message|$16|__keyspace@0__:a|$3|del|", await listener.ReplyAsync());
        Assert.Equal("*4|$8|pmessage|$16|__keyevent@0__:*|$18|__keyevent@0__:del|$1|a|", await listener.ReplyAsync());
    }

    [Fact]
    public async Task Who_unsubscribes_hears_no_more_and_watches_no_more()
    {
        await using var server = await OpenAsync();
        using var listener = await RespWire.ConnectAsync(server.Port);
        using var writer = await RespWire.ConnectAsync(server.Port);
        await listener.AskAsync("PSUBSCRIBE", "__key*");
        Assert.Equal(1, server.Watches);
        await writer.AskLineAsync("SET a 1");
        await listener.ReplyAsync();
        await listener.ReplyAsync();
        Assert.Equal("*3|$12|punsubscribe|$6|__key*|:0|", await listener.AskAsync("PUNSUBSCRIBE"));
        await Until.HoldsAsync(() => server.Watches == 0);
        await writer.AskLineAsync("SET a 2");
        Assert.Equal("$1|2|", await listener.AskAsync("GET", "a"));
        Assert.Equal("*3|$11|unsubscribe|$-1|:0|", await listener.AskAsync("UNSUBSCRIBE"));
    }

    [Fact]
    public async Task In_RESP2_a_subscriber_asks_for_nothing_else_and_in_RESP3_for_anything()
    {
        await using var server = await OpenAsync();
        using var client = await RespWire.ConnectAsync(server.Port);
        await client.AskAsync("SUBSCRIBE", "quiet");
        Assert.Equal(
            "-ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context|",
            await client.AskAsync("GET", "a"));
        Assert.Equal("*2|$4|pong|$0||", await client.AskAsync("PING"));
        Assert.Equal("*2|$4|pong|$2|hi|", await client.AskAsync("PING", "hi"));
        Assert.Equal("+RESET|", await client.AskAsync("RESET"));
        Assert.Equal("$-1|", await client.AskAsync("GET", "a"));

        await client.AskAsync("HELLO", "3");
        Assert.Equal(">3|$9|subscribe|$16|__keyspace@0__:a|:1|", await client.AskAsync("SUBSCRIBE", "__keyspace@0__:a"));
        Assert.Equal("_|", await client.AskAsync("GET", "a"));
        await client.SendAsync(RespWire.Command("SET", "a", "1"));
        string[] replies = [await client.ReplyAsync(), await client.ReplyAsync()];
        Assert.Equal(["+OK|", ">3|$7|message|$16|__keyspace@0__:a|$3|set|"], replies.Order());
    }

    [Fact]
    public async Task A_subscriber_that_does_not_read_is_ended_and_slows_nobody()
    {
        await using var server = await OpenAsync(sendTimeout: TimeSpan.FromMilliseconds(200));
        using var listener = await RespWire.ConnectAsync(server.Port);
        using var writer = await RespWire.ConnectAsync(server.Port);
        await listener.AskAsync("PSUBSCRIBE", "__keyspace@0__:*");
        var key = new string('k', 10_000);
        await Until.HoldsAsync(() =>
        {
            writer.AskAsync(["MSET", .. Enumerable.Range(0, 100).SelectMany(i => new[] { $"{key}{i}", "v" })]).GetAwaiter().GetResult();
            return server.Clients == 1;
        });
        await Until.HoldsAsync(() => server.Watches == 0);
        Assert.Equal("+PONG|", await writer.AskAsync("PING"));
    }

    [Fact]
    public async Task Without_history_there_is_nothing_to_hear_and_that_is_said()
    {
        await using var server = RespFixture.Open(); // the memory engine
        using var client = await RespWire.ConnectAsync(server.Port);
        Assert.StartsWith("-ERR ", await client.AskAsync("SUBSCRIBE", "__keyspace@0__:a"), StringComparison.Ordinal);
        Assert.Equal("*3|$9|subscribe|$5|other|:1|", await client.AskAsync("SUBSCRIBE", "other"));
    }

    private async Task<RespFixture> OpenAsync(TimeSpan? sendTimeout = null)
    {
        Assert.True(DurabilityMode.TryParse("os", out var durability)); // the disk would only take time
        var options = new ServerOptions { DataDirectory = _directory.FullPath, Durability = durability };
        var engine = await EngineOpener.OpenAsync(
            EngineName.Kvs, options, KvsEnvironment.Real(), _ => { }, CancellationToken.None);
        return RespFixture.Open(
            RespFixture.Options with { SendTimeout = sendTimeout ?? TimeSpan.FromSeconds(30) }, engine);
    }
}
