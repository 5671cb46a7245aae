using Kvs.Client.Tests.Harness;
using Xunit;

namespace Kvs.Client.Tests.Ranges;

/// <summary>scan and count.</summary>
public sealed class ScanAndCountTests
{
    [Theory]
    [InlineData("a:1=1 a:2=2 b:1=3")]
    [InlineData("a:1=1 a:2=2", "--prefix", "a:")]
    [InlineData("a:2=2 b:1=3", "--from", "a:2")]
    [InlineData("a:1=1", "--to", "a:2")]
    [InlineData("a:2=2", "--prefix", "a:", "--from", "a:2")]
    [InlineData("", "--prefix", "a:", "--from", "b")]
    [InlineData("", "--from", "b", "--to", "a")]
    [InlineData("b:1=3 a:2=2 a:1=1", "--reverse")]
    [InlineData("b:1=3", "--reverse", "--limit", "1")]
    [InlineData("a:1=1 a:2=2", "--limit", "2")]
    [InlineData("a:1=1 a:2=2", "--key-b64", "--prefix", "YTo=")]
    public async Task Options_choose_what_is_listed(string expected, params string[] options)
    {
        await using var client = new ClientHarness();
        await FillAsync(client);
        var lines = string.Concat(
            expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(
                entry => entry.Replace('=', '\t') + "\n"));
        var outcome = await client.RunAsync(["scan", .. options]);
        Assert.Equal((0, lines, ""), (outcome.Code, outcome.Out, outcome.Err));
    }

    [Fact]
    public async Task Keys_only_leaves_out_the_values()
    {
        await using var client = new ClientHarness();
        await FillAsync(client);
        Assert.Equal("a:1\na:2\nb:1\n", (await client.RunAsync("scan", "--keys-only")).Out);
        var json = Json.Lines((await client.RunAsync("scan", "--keys-only", "-o", "json")).Out);
        Assert.All(json, entry => Assert.Equal("key version", entry.Members()));
    }

    [Fact]
    public async Task Json_is_one_object_a_line()
    {
        await using var client = new ClientHarness();
        await client.RunAsync("set", "k", "v", "--ttl", "1s");
        var entry = Json.Line((await client.RunAsync("scan", "-o", "json")).Out);
        Assert.Equal("key value version expires_at", entry.Members());
        Assert.Equal("v", entry.GetProperty("value").GetString());
    }

    [Fact]
    public async Task An_entry_stays_one_line_whatever_it_holds()
    {
        await using var client = new ClientHarness();
        await client.RunAsync("set", "a\tb", "1\n2\r3\\4\u001b[0m \u00fc");
        await client.RunWithInputAsync([0xFF, (byte)'x', 0x7F], "set", "k", "-");
        Assert.Equal(
            "a\\tb\t1\\n2\\r3\\\\4\\x1b[0m \u00fc\nk\t\\xffx\\x7f\n",
            (await client.RunAsync("scan")).Out);
    }

    [Theory]
    [InlineData("3\n")]
    [InlineData("2\n", "--prefix", "a:")]
    [InlineData("2\n", "--from", "a:2")]
    [InlineData("0\n", "--prefix", "x")]
    [InlineData("{\"count\":3}\n", "-o", "json")]
    public async Task Count_counts(string expected, params string[] options)
    {
        await using var client = new ClientHarness();
        await FillAsync(client);
        Assert.Equal(expected, (await client.RunAsync(["count", .. options])).Out);
    }

    [Fact]
    public async Task A_long_scan_comes_whole()
    {
        await using var client = new ClientHarness();
        var lines = string.Concat(Enumerable.Range(0, 5_000).Select(i => $"set key{i:00000} {new string('v', 50)}\n"));
        Assert.Equal(0, (await client.RunWithInputAsync(lines, "pipe")).Code);
        Assert.Equal(5_000, (await client.RunAsync("scan")).Out.Count(letter => letter == '\n'));
    }

    private static async Task FillAsync(ClientHarness client)
    {
        await client.RunAsync("set", "b:1", "3");
        await client.RunAsync("set", "a:2", "2");
        await client.RunAsync("set", "a:1", "1");
    }
}
