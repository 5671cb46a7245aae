using System.Globalization;
using Kvs.Server.Doors.Resp;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Server.Tests.Doors.Resp;

/// <summary>Walking over keys.</summary>
public sealed class ScanTests
{
    [Fact]
    public Task Each_key_that_stays_is_given_whatever_comes_and_goes_meanwhile() => TestSeed.RunAsync(async seed =>
    {
        await using var server = RespFixture.Open();
        using var client = await RespWire.ConnectAsync(server.Port);
        var random = new Random(seed);
        var stays = Enumerable.Range(0, 200).Select(i => $"stay:{i}").ToHashSet();
        foreach (var key in stays)
        {
            await client.AskAsync("SET", key, "v");
        }

        var given = new List<string>();
        var cursor = "0";
        do
        {
            await client.AskAsync("SET", $"come:{random.Next(1000)}", "v");
            await client.AskAsync("DEL", $"come:{random.Next(1000)}");
            (cursor, var keys) = await ScanAsync(client, cursor, "COUNT", random.Next(1, 30).ToString(CultureInfo.InvariantCulture));
            given.AddRange(keys);
        }
        while (cursor != "0");

        Assert.Empty(stays.Except(given));
        Assert.Equal(given.Count, given.Distinct().Count());
    });

    [Fact]
    public async Task A_cursor_that_is_not_known_begins_anew()
    {
        await using var server = RespFixture.Open();
        using var client = await RespWire.ConnectAsync(server.Port);
        await client.AskLineAsync("MSET a 1 b 2 c 3");
        var (cursor, keys) = await ScanAsync(client, "0", "COUNT", "2");
        Assert.Equal(["a", "b"], keys);
        Assert.Equal(("0", "c"), (await ScanAsync(client, cursor, "COUNT", "2")) is var (end, rest) ? (end, string.Join(',', rest)) : default);
        Assert.Equal(["a", "b"], (await ScanAsync(client, "987654321", "COUNT", "2")).Keys);
    }

    [Fact]
    public async Task A_pattern_with_fixed_bytes_in_front_looks_at_those_keys_only()
    {
        await using var server = RespFixture.Open();
        using var client = await RespWire.ConnectAsync(server.Port);
        await client.AskLineAsync("MSET a:1 1 a:2 1 b:1 1 b:2 1 c:1 1");
        Assert.Equal(("0", "b:1,b:2"), (await ScanAsync(client, "0", "MATCH", "b:*", "COUNT", "2")) is var (end, keys)
            ? (end, string.Join(',', keys)) : default);
        Assert.Equal("*2|$3|b:1|$3|b:2|", await client.AskAsync("KEYS", "b:?"));
    }

    [Fact]
    public void Cursors_are_bounded_by_number_and_by_bytes()
    {
        var cursors = new ScanCursors();
        var first = cursors.Keep([1]);
        Assert.Equal([1], cursors.Find(first)!);
        for (var i = 1; i < ScanCursors.CountMax; i++)
        {
            cursors.Keep([2]);
        }

        Assert.NotNull(cursors.Find(first));
        cursors.Keep([3]);
        Assert.Null(cursors.Find(first));

        var large = cursors.Keep(new byte[ScanCursors.BytesMax / 2]);
        cursors.Keep(new byte[ScanCursors.BytesMax / 2]);
        Assert.NotNull(cursors.Find(large));
        var last = cursors.Keep([4]);
        Assert.Null(cursors.Find(large));
        Assert.Equal([4], cursors.Find(last)!);
        Assert.Null(cursors.Find(0));
    }

    [Fact]
    public async Task Random_keys_are_drawn_from_all()
    {
        await using var server = RespFixture.Open();
        using var client = await RespWire.ConnectAsync(server.Port);
        await client.AskLineAsync("MSET a 1 b 2 c 3");
        var drawn = new HashSet<string>();
        for (var i = 0; i < 200; i++)
        {
            drawn.Add(await client.AskAsync("RANDOMKEY"));
        }

        Assert.Equal(["$1|a|", "$1|b|", "$1|c|"], drawn.Order());
    }

    [Fact]
    public async Task Flush_removes_more_keys_than_fit_into_a_batch()
    {
        await using var server = RespFixture.Open();
        using var client = await RespWire.ConnectAsync(server.Port);
        await client.AskAsync(["MSET", .. Enumerable.Range(0, 2500).SelectMany(i => new[] { $"k{i}", "v" })]);
        Assert.Equal(":2500|", await client.AskAsync("DBSIZE"));
        Assert.Equal("+OK|", await client.AskAsync("FLUSHALL"));
        Assert.Equal(":0|", await client.AskAsync("DBSIZE"));
    }

    private static async Task<(string Cursor, List<string> Keys)> ScanAsync(RespWire client, string cursor, params string[] options)
    {
        var reply = (await client.AskAsync(["SCAN", cursor, .. options])).Split('|');
        return (reply[2], reply[4..^1].Where((_, i) => i % 2 == 1).ToList());
    }
}
