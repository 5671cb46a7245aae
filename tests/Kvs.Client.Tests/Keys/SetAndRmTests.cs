using Kvs.Client.Tests.Harness;
using Xunit;

namespace Kvs.Client.Tests.Keys;

/// <summary>set and rm with their options.</summary>
public sealed class SetAndRmTests
{
    private static readonly byte[] AllBytes = [.. Enumerable.Range(0, 256).Select(value => (byte)value)];

    [Fact]
    public async Task A_value_from_stdin_is_stored_byte_for_byte()
    {
        await using var client = new ClientHarness();
        Assert.Equal(0, (await client.RunWithInputAsync(AllBytes, "set", "k", "-")).Code);
        Assert.Equal(AllBytes, (await client.RunAsync("get", "k", "--raw")).OutBytes);
    }

    [Fact]
    public async Task A_value_from_a_file_is_stored_byte_for_byte()
    {
        await using var client = new ClientHarness();
        client.Io.Files["value.bin"] = AllBytes;
        Assert.Equal(0, (await client.RunAsync("set", "k", "--file", "value.bin")).Code);
        Assert.Equal(AllBytes, (await client.RunAsync("get", "k", "--raw")).OutBytes);
    }

    [Fact]
    public async Task Empty_keys_and_values_are_keys_and_values()
    {
        await using var client = new ClientHarness();
        Assert.Equal(0, (await client.RunAsync("set", "", "")).Code);
        Assert.Equal("\n", (await client.RunAsync("get", "")).Out);
        Assert.Equal(0, (await client.RunWithInputAsync("", "set", "k", "-")).Code);
        Assert.Equal("\n", (await client.RunAsync("get", "k")).Out);
    }

    [Fact]
    public async Task A_key_of_any_bytes_is_given_as_base64()
    {
        await using var client = new ClientHarness();
        Assert.Equal(0, (await client.RunAsync("set", "AP8=", "v", "--key-b64")).Code);
        Assert.Equal("v\n", (await client.RunAsync("get", "AP8=", "--key-b64")).Out);
        Assert.Equal("Key not found\n", (await client.RunAsync("get", "AP8=")).Out);
        Assert.Equal(
            """{"b64":"AP8="}""",
                Json.Line((await client.RunAsync("get", "AP8=", "--key-b64", "-o", "json")).Out).GetProperty(
                    "key").GetRawText());
    }

    [Fact]
    public async Task A_content_type_is_stored_shown_in_json_and_cleared_by_a_set_without_one()
    {
        await using var client = new ClientHarness();
        Assert.Equal(0, (await client.RunAsync("set", "k", "v", "--content-type", "image/svg+xml")).Code);
        Assert.Equal("image/svg+xml", Json.Line((await client.RunAsync("get", "k", "-o", "json")).Out).GetProperty(
            "content_type").GetString());
        Assert.Contains(
            "\"content_type\":\"image/svg+xml\"", (await client.RunAsync("scan", "-o", "json")).Out, StringComparison.Ordinal);
        Assert.Equal("v\n", (await client.RunAsync("get", "k")).Out);
        Assert.Equal(0, (await client.RunAsync("set", "k", "v")).Code);
        Assert.DoesNotContain("content_type", (await client.RunAsync("get", "k", "-o", "json")).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("text/\u00fc")]
    [InlineData("text/plain\n")]
    public async Task A_content_type_that_is_none_is_a_usage_error(string type)
    {
        await using var client = new ClientHarness();
        var outcome = await client.RunAsync("set", "k", "v", "--content-type", type);
        Assert.Equal((2, ""), (outcome.Code, outcome.Out));
        Assert.Contains("--content-type: a content type is 1 to 255 characters", outcome.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task If_absent_refuses_a_key_that_is_there()
    {
        await using var client = new ClientHarness();
        Assert.Equal(0, (await client.RunAsync("set", "k", "one", "--if-absent")).Code);
        var outcome = await client.RunAsync("set", "k", "two", "--if-absent");
        Assert.Equal((1, ""), (outcome.Code, outcome.Out));
        Assert.StartsWith("Condition failed: the key exists, its version is ", outcome.Err, StringComparison.Ordinal);
        Assert.Equal("one\n", (await client.RunAsync("get", "k")).Out);
    }

    [Fact]
    public async Task If_present_refuses_a_missing_key()
    {
        await using var client = new ClientHarness();
        var outcome = await client.RunAsync("set", "k", "v", "--if-present");
        Assert.Equal((1, "", "Condition failed: the key does not exist\n"), (outcome.Code, outcome.Out, outcome.Err));
    }

    [Fact]
    public async Task If_version_sets_and_removes_only_what_was_seen()
    {
        await using var client = new ClientHarness();
        var first = Json.Line((await client.RunAsync("set", "k", "one", "-o", "json")).Out).GetProperty(
            "version").GetString()!;
        Assert.Equal(0, (await client.RunAsync("set", "k", "two", "--if-version", first)).Code);
        Assert.Equal(1, (await client.RunAsync("set", "k", "three", "--if-version", first)).Code);
        Assert.Equal(1, (await client.RunAsync("rm", "k", "--if-version", first)).Code);
        var second = Json.Line((await client.RunAsync("get", "k", "-o", "json")).Out).GetProperty(
            "version").GetString()!;
        Assert.Equal(0, (await client.RunAsync("rm", "k", "--if-version", second)).Code);
        var missing = await client.RunAsync("rm", "k", "--if-version", second);
        Assert.Equal((1, "Key not found\n"), (missing.Code, missing.Err));
    }

    [Fact]
    public async Task Get_prints_the_previous_value_and_nothing_when_there_was_none()
    {
        await using var client = new ClientHarness();
        Assert.Equal("", (await client.RunAsync("set", "k", "one", "--get")).Out);
        Assert.Equal("one\n", (await client.RunAsync("set", "k", "", "--get")).Out);
        Assert.Equal("\n", (await client.RunAsync("set", "k", "three", "--get")).Out);
        Assert.Equal("three\n", (await client.RunAsync("rm", "k", "--get")).Out);
    }

    [Fact]
    public async Task A_set_clears_an_expiry_unless_told_to_keep_it()
    {
        await using var client = new ClientHarness();
        await client.RunAsync("set", "k", "v", "--ttl", "30s");
        await client.RunAsync("set", "k", "v", "--keep-ttl");
        Assert.Equal("30s\n", (await client.RunAsync("ttl", "k")).Out);
        await client.RunAsync("set", "k", "v");
        Assert.Equal("none\n", (await client.RunAsync("ttl", "k")).Out);
    }

    [Fact]
    public async Task Json_tells_what_was_done()
    {
        await using var client = new ClientHarness();
        var set = Json.Line((await client.RunAsync("set", "k", "one", "-o", "json")).Out);
        Assert.Equal("key applied existed version", set.Members());
        Assert.True(set.GetProperty("applied").GetBoolean());

        var failed = await client.RunAsync("set", "k", "two", "--if-absent", "--get", "--output=json");
        Assert.Equal(1, failed.Code);
        Assert.False(Json.Line(failed.Out).GetProperty("applied").GetBoolean());

        var missing = await client.RunAsync("rm", "x", "-o", "json");
        Assert.Equal((1, "Key not found\n"), (missing.Code, missing.Err));
        Assert.Equal("""{"key":"x","applied":false,"existed":false}""" + "\n", missing.Out);
    }
}
