using Kvs.Client.Tests.Harness;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Client.Tests.Keys;

/// <summary>get, exists, ttl, expire, persist and incr.</summary>
public sealed class ReadingTests
{
    [Fact]
    public async Task Get_strict_fails_for_a_missing_key()
    {
        await using var client = new ClientHarness();
        var outcome = await client.RunAsync("get", "k", "--strict");
        Assert.Equal((1, "Key not found\n", ""), (outcome.Code, outcome.Out, outcome.Err));
        await client.RunAsync("set", "k", "v");
        Assert.Equal(0, (await client.RunAsync("get", "k", "--strict")).Code);
    }

    [Fact]
    public async Task Get_raw_prints_the_bytes_and_nothing_else()
    {
        await using var client = new ClientHarness();
        await client.RunAsync("set", "k", "v");
        Assert.Equal("v", (await client.RunAsync("get", "k", "--raw")).Out);
        var missing = await client.RunAsync("get", "x", "--raw");
        Assert.Equal((1, "", "Key not found\n"), (missing.Code, missing.Out, missing.Err));
    }

    [Fact]
    public async Task Get_in_json_shows_value_version_and_expiry()
    {
        await using var client = new ClientHarness();
        await client.RunAsync("set", "k", "gr\u00fcn \"1\" <b>", "--ttl", "30s");
        var entry = Json.Line((await client.RunAsync("get", "k", "-o", "json")).Out);
        Assert.Equal("key found value version expires_at", entry.Members());
        Assert.Equal("gr\u00fcn \"1\" <b>", entry.GetProperty("value").GetString());
        Assert.Equal("2030-01-31T12:00:30.000Z", entry.GetProperty("expires_at").GetString());
    }

    [Fact]
    public async Task Get_in_json_of_a_missing_key_is_an_object_too()
    {
        await using var client = new ClientHarness();
        var outcome = await client.RunAsync("get", "k", "-o", "json");
        Assert.Equal((0, "{\"key\":\"k\",\"found\":false}\n", ""), (outcome.Code, outcome.Out, outcome.Err));
        Assert.Equal(1, (await client.RunAsync("get", "k", "-o", "json", "--strict")).Code);
    }

    [Fact]
    public async Task Bytes_that_are_no_text_are_base64_in_json()
    {
        await using var client = new ClientHarness();
        await client.RunWithInputAsync([0xFF, 0x00], "set", "k", "-");
        var value = Json.Line((await client.RunAsync("get", "k", "-o", "json")).Out).GetProperty("value");
        Assert.Equal("""{"b64":"/wA="}""", value.GetRawText());
    }

    [Fact]
    public async Task Exists_answers_by_word_and_by_exit_code()
    {
        await using var client = new ClientHarness();
        await client.RunAsync("set", "k", "v");
        var there = await client.RunAsync("exists", "k");
        Assert.Equal((0, "true\n", ""), (there.Code, there.Out, there.Err));
        var missing = await client.RunAsync("exists", "x");
        Assert.Equal((1, "false\n", ""), (missing.Code, missing.Out, missing.Err));
        Assert.Equal("{\"key\":\"k\",\"exists\":true}\n", (await client.RunAsync("exists", "k", "-o", "json")).Out);
    }

    [Fact]
    public async Task Ttl_expire_and_persist_work_together()
    {
        await using var client = new ClientHarness();
        await client.RunAsync("set", "k", "v");
        Assert.Equal("none\n", (await client.RunAsync("ttl", "k")).Out);
        Assert.Equal("", (await client.RunAsync("expire", "k", "90s")).Out);
        Assert.Equal("90s\n", (await client.RunAsync("ttl", "k")).Out);
        Assert.Equal(
            "{\"key\":\"k\",\"found\":true,\"ttl_ms\":90000}\n", (await client.RunAsync("ttl", "k", "-o", "json")).Out);
        Assert.Equal((0, ""), Code(await client.RunAsync("persist", "k")));
        Assert.Equal((0, ""), Code(await client.RunAsync("persist", "k")));
        Assert.Equal("none\n", (await client.RunAsync("ttl", "k")).Out);
    }

    [Theory]
    [InlineData("ttl", "k")]
    [InlineData("expire", "k", "1s")]
    [InlineData("persist", "k")]
    public async Task A_missing_key_has_no_expiry_to_work_on(params string[] args)
    {
        await using var client = new ClientHarness();
        var outcome = await client.RunAsync(args);
        Assert.Equal((1, "", "Key not found\n"), (outcome.Code, outcome.Out, outcome.Err));
    }

    [Fact]
    public async Task Incr_prints_the_new_value()
    {
        await using var client = new ClientHarness();
        Assert.Equal("1\n", (await client.RunAsync("incr", "n")).Out);
        Assert.Equal("11\n", (await client.RunAsync("incr", "n", "10")).Out);
        Assert.Equal("-9\n", (await client.RunAsync("incr", "n", "-20")).Out);
        Assert.Equal("{\"key\":\"n\",\"value\":-8}\n", (await client.RunAsync("incr", "n", "-o", "json")).Out);
    }

    [Fact]
    public async Task Incr_of_a_text_is_refused()
    {
        await using var client = new ClientHarness();
        await client.RunAsync("set", "k", "v");
        var outcome = await client.RunAsync("incr", "k");
        Assert.Equal((5, ""), (outcome.Code, outcome.Out));
        Assert.StartsWith("kvs-client: ", outcome.Err, StringComparison.Ordinal);
    }

    private static (int Code, string Everything) Code(RunOutcome outcome) => (outcome.Code, outcome.Out + outcome.Err);
}
