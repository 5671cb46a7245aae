using System.Text;
using Kvs.Core.Primitives;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Server.Tests.Doors.Resp;

/// <summary>One connection: bursts, order, limits, and how it ends.</summary>
public sealed class RespSessionTests
{
    [Fact]
    public async Task A_pipelined_burst_is_one_item_and_replies_come_in_order()
    {
        var engine = new GatedEngine();
        await using var server = RespFixture.Open(engine: engine);
        using var client = await RespWire.ConnectAsync(server.Port);
        string[] lines = ["SET a 1", "PING", "GET a", "INCR a", "FOO", "ECHO x", "MULTI", "INCR a", "EXEC", "GET a"];
        await client.SendAsync(lines.SelectMany(line => RespWire.Command(line.Split(' '))).ToArray());
        await Until.HoldsAsync(() => engine.Waiting == 1);
        engine.Release();
        var replies = new List<string>();
        for (var i = 0; i < lines.Length; i++)
        {
            replies.Add(await client.ReplyAsync());
        }

        Assert.Equal(
            ["+OK|", "+PONG|", "$1|1|", ":2|", "-ERR unknown command 'FOO', with args beginning with: |", "$1|x|", "+OK|", "+QUEUED|",
                "*1|:3|", "$1|3|"],
            replies);
        Assert.Equal(1, engine.Submitted);
    }

    [Fact]
    public async Task A_change_of_protocol_holds_from_its_own_reply_on()
    {
        await using var server = RespFixture.Open();
        using var client = await RespWire.ConnectAsync(server.Port);
        await client.SendAsync("SET a 1\r\nGET no\r\nHELLO 3\r\nGET no\r\nSET a 2\r\nGET no\r\n"u8.ToArray());
        Assert.Equal("+OK|", await client.ReplyAsync());
        Assert.Equal("$-1|", await client.ReplyAsync());
        Assert.StartsWith("%7|", await client.ReplyAsync(), StringComparison.Ordinal);
        Assert.Equal("_|", await client.ReplyAsync());
        Assert.Equal("+OK|", await client.ReplyAsync());
        Assert.Equal("_|", await client.ReplyAsync());
    }

    [Theory]
    [InlineData(100)]
    [InlineData(70_000)]
    [InlineData(3_000_000)]
    public async Task Values_of_any_size_come_back_whole(int bytes)
    {
        await using var server = RespFixture.Open();
        using var client = await RespWire.ConnectAsync(server.Port);
        var value = new string('x', bytes);
        Assert.Equal("+OK|", await client.AskAsync("SET", "k", value));
        Assert.Equal($"${bytes}|{value}|", await client.AskAsync("GET", "k"));
        Assert.Equal($"*2|${bytes}|{value}|$-1|", await client.AskAsync("MGET", "k", "no"));
        Assert.Equal($"${bytes - 1}|{value[1..]}|", await client.AskAsync("GETRANGE", "k", "1", "-1"));

        // Behind a write they come through the engine, which gives back so much only with room for it.
        await client.SendAsync(RespWire.Command("SET", "o", "1").Concat(RespWire.Command("GET", "k"))
            .Concat(RespWire.Command("GETSET", "k", "new")).Concat(RespWire.Command("GET", "k")).ToArray());
        Assert.Equal("+OK|", await client.ReplyAsync());
        Assert.Equal($"${bytes}|{value}|", await client.ReplyAsync());
        Assert.Equal($"${bytes}|{value}|", await client.ReplyAsync());
        Assert.Equal("$3|new|", await client.ReplyAsync());
        await Until.HoldsAsync(() => server.Budgets.LargeAnswers.Held == 0);
    }

    [Fact]
    public async Task A_value_that_is_larger_than_a_reply_may_be_is_refused_and_the_connection_goes_on()
    {
        await using var server = RespFixture.Open(RespFixture.Options with { FrameBytesMax = 100_000 });
        using var client = await RespWire.ConnectAsync(server.Port);
        await client.AskAsync("SET", "k", new string('x', 70_000));
        Assert.StartsWith("-ERR The reply would have 140", await client.AskAsync("MGET", "k", "k"), StringComparison.Ordinal);
        Assert.Equal("+PONG|", await client.AskAsync("PING"));
    }

    [Fact]
    public async Task What_breaks_the_protocol_is_told_behind_the_replies_before_it_and_ends_the_connection()
    {
        await using var server = RespFixture.Open();
        using var client = await RespWire.ConnectAsync(server.Port);
        await client.SendAsync("SET a 1\r\nGET a\r\n*1\r\nx\r\nSET a 2\r\n"u8.ToArray());
        Assert.Equal("+OK|", await client.ReplyAsync());
        Assert.Equal("$1|1|", await client.ReplyAsync());
        Assert.Equal("-ERR Protocol error: expected '$', got 'x'|", await client.ReplyAsync());
        Assert.Equal("(closed)", await client.ReplyAsync());
        using var other = await RespWire.ConnectAsync(server.Port);
        Assert.Equal("$1|1|", await other.AskAsync("GET", "a"));
    }

    [Theory]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nSET a 1\r\n")]
    [InlineData("Host: a\r\nSET a 1\r\n")]
    public async Task Who_speaks_HTTP_gets_no_word_and_no_command_through(string text)
    {
        await using var server = RespFixture.Open();
        using var client = await RespWire.ConnectAsync(server.Port);
        await client.SendAsync(Encoding.ASCII.GetBytes(text));
        Assert.Equal("(closed)", await client.ReplyAsync());
        using var other = await RespWire.ConnectAsync(server.Port);
        Assert.Equal(":0|", await other.AskAsync("EXISTS", "a"));
    }

    [Fact]
    public async Task Quit_is_answered_and_ends_the_connection()
    {
        await using var server = RespFixture.Open();
        using var client = await RespWire.ConnectAsync(server.Port);
        await client.SendAsync("SET a 1\r\nQUIT\r\nSET a 2\r\n"u8.ToArray());
        Assert.Equal("+OK|", await client.ReplyAsync());
        Assert.Equal("+OK|", await client.ReplyAsync());
        Assert.Equal("(closed)", await client.ReplyAsync());
        using var other = await RespWire.ConnectAsync(server.Port);
        Assert.Equal("$1|1|", await other.AskAsync("GET", "a"));
    }

    [Fact]
    public async Task One_connection_too_many_is_told_so_as_by_Redis()
    {
        await using var server = RespFixture.Open(RespFixture.Options with { ConnectionsMax = 1 });
        using var first = await RespWire.ConnectAsync(server.Port);
        Assert.Equal("+PONG|", await first.AskAsync("PING"));
        using var second = await RespWire.ConnectAsync(server.Port);
        Assert.Equal("-ERR max number of clients reached|", await second.ReplyAsync());
        Assert.Equal("(closed)", await second.ReplyAsync());
    }

    [Fact]
    public async Task A_client_that_does_not_read_is_ended_and_holds_nothing_any_more()
    {
        await using var server = RespFixture.Open(RespFixture.Options with { SendTimeout = TimeSpan.FromMilliseconds(200) });
        using (var writer = await RespWire.ConnectAsync(server.Port))
        {
            await writer.AskAsync("SET", "k", new string('x', 8_000_000));
        }

        using var client = await RespWire.ConnectAsync(server.Port);
        await client.SendAsync("GET k\r\nGET k\r\nGET k\r\nGET k\r\n"u8.ToArray());
        using var other = await RespWire.ConnectAsync(server.Port);
        await Until.HoldsAsync(() => server.Clients == 1);
        await Until.HoldsAsync(() => server.Budgets.LargeAnswers.Held == 0);
        Assert.Equal("+PONG|", await other.AskAsync("PING"));
    }

    [Fact]
    public async Task Draining_answers_what_was_received_and_says_no_more()
    {
        var engine = new GatedEngine();
        await using var server = RespFixture.Open(engine: engine);
        using var busy = await RespWire.ConnectAsync(server.Port);
        using var idle = await RespWire.ConnectAsync(server.Port);
        await busy.SendAsync("SET a 1\r\n"u8.ToArray());
        await Until.HoldsAsync(() => engine.Waiting == 1);
        var drained = server.Door.DrainAsync(TimeSpan.FromSeconds(20));
        Assert.Equal("(closed)", await idle.ReplyAsync());
        Assert.False(drained.IsCompleted);
        engine.Release();
        Assert.Equal("+OK|", await busy.ReplyAsync());
        Assert.Equal("(closed)", await busy.ReplyAsync());
        busy.Dispose();
        idle.Dispose();
        await drained;
    }

    [Fact]
    public async Task A_transaction_that_there_is_no_room_for_is_refused_and_leaves_nothing_behind()
    {
        await using var server = RespFixture.Open(RespFixture.Options with { SessionBytesMax = 4096 });
        using var client = await RespWire.ConnectAsync(server.Port);
        await server.Budgets.LargeRequests.AcquireAsync(256L * 1024 * 1024);
        await client.AskAsync("MULTI");
        Assert.Equal("+QUEUED|", await client.AskAsync("SET", "a", new string('x', 2000)));
        Assert.StartsWith("-TRYAGAIN ", await client.AskAsync("SET", "b", new string('x', 2000)), StringComparison.Ordinal);
        Assert.Equal("-EXECABORT Transaction discarded because of previous errors.|", await client.AskAsync("EXEC"));
        server.Budgets.LargeRequests.Release(256L * 1024 * 1024);
        await client.AskAsync("MULTI");
        Assert.Equal("+QUEUED|", await client.AskAsync("SET", "a", new string('x', 2000)));
        Assert.Equal("+QUEUED|", await client.AskAsync("SET", "b", new string('x', 2000)));
        Assert.True(server.Budgets.LargeRequests.Held > 0);
        Assert.Equal("*2|+OK|+OK|", await client.AskAsync("EXEC"));
        Assert.Equal(0, server.Budgets.LargeRequests.Held);
    }

    [Theory]
    [InlineData("KEYS *")]
    [InlineData("SCAN 0")]
    [InlineData("DBSIZE")]
    [InlineData("FLUSHALL")]
    [InlineData("MSETNX a 1 b 2")]
    [InlineData("RENAMENX a b")]
    public async Task What_cannot_be_part_of_a_batch_breaks_a_transaction(string line)
    {
        await using var server = RespFixture.Open();
        using var client = await RespWire.ConnectAsync(server.Port);
        await client.AskAsync("MULTI");
        Assert.Matches("^-ERR [A-Z]+ is not possible between MULTI and EXEC", await client.AskLineAsync(line));
        Assert.StartsWith("-EXECABORT", await client.AskAsync("EXEC"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_watches_so_many_keys_and_no_more()
    {
        await using var server = RespFixture.Open();
        using var client = await RespWire.ConnectAsync(server.Port);
        Assert.Equal("+OK|", await client.AskAsync(["WATCH", .. Enumerable.Range(0, 1024).Select(i => $"k{i}")]));
        Assert.StartsWith("-ERR a connection watches 1024 keys", await client.AskAsync("WATCH", "more"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_engine_refuses_has_the_word_that_its_clients_know()
    {
        var engine = new GatedEngine();
        await using var server = RespFixture.Open(engine: engine);
        using var client = await RespWire.ConnectAsync(server.Port);
        Assert.Equal(
            "-ERR string exceeds maximum allowed size (proto-max-bulk-len)|",
            await SetAsync(client, engine, new string('x', Limits.ValueBytesMax + 1)));
    }

    private static async Task<string> SetAsync(RespWire client, GatedEngine engine, string value)
    {
        var reply = client.AskAsync("SET", "k", value);
        await Until.HoldsAsync(() =>
        {
            engine.Release();
            return reply.IsCompleted;
        });
        return await reply;
    }
}
