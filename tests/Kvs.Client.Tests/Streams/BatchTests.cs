using Kvs.Client.Tests.Harness;
using Xunit;

namespace Kvs.Client.Tests.Streams;

/// <summary>batch: all or nothing, and which line it was.</summary>
public sealed class BatchTests
{
    [Fact]
    public async Task All_operations_are_applied_as_one_version()
    {
        await using var client = new ClientHarness();
        var outcome = await client.RunWithInputAsync(
            "# a comment\nset a 1\n\n{\"op\":\"set\",\"key\":\"b\",\"value\":\"2\"}\nincr a 4\nset a x --get\n",
            "batch");
        Assert.Equal((0, "5\n5\n4 operations applied\n", ""), (outcome.Code, outcome.Out, outcome.Err));
        var versions = Json.Lines((await client.RunAsync("scan", "-o", "json")).Out).Select(
            entry => entry.GetProperty("version").GetString());
        Assert.Single(versions.Distinct());
    }

    [Fact]
    public async Task A_failed_condition_names_its_line_and_nothing_is_applied()
    {
        await using var client = new ClientHarness();
        await client.RunAsync("set", "lock", "you");
        var outcome = await client.RunWithInputAsync("set a 1\n# comment\ncheck lock --if-absent\nset b 2\n", "batch");
        Assert.Equal(
            (1, "", "line 3: condition failed; nothing of the batch was applied\n"),
            (outcome.Code, outcome.Out, outcome.Err));
        Assert.Equal("1\n", (await client.RunAsync("count")).Out);
    }

    [Fact]
    public async Task A_refused_increment_is_exit_5()
    {
        await using var client = new ClientHarness();
        var outcome = await client.RunWithInputAsync("set a text\nincr a\n", "batch");
        Assert.Equal(
            (5, "", "line 2: the value is no 64-bit integer; nothing of the batch was applied\n"),
            (outcome.Code, outcome.Out, outcome.Err));
    }

    [Theory]
    [InlineData("set a 1\nsett b 2\n", "line 2: unknown operation 'sett'")]
    [InlineData("get a\n", "line 1: a batch only writes; use pipe to read")]
    [InlineData("{\"op\":\"set\"\n", "line 1: no JSON object")]
    public async Task A_line_that_is_no_operation_is_refused_before_anything_is_sent(string input, string complaint)
    {
        await using var client = new ClientHarness();
        client.ConnectFailure = new InvalidOperationException("must not connect");
        var outcome = await client.RunWithInputAsync(input, "batch");
        Assert.Equal((2, ""), (outcome.Code, outcome.Out));
        Assert.StartsWith("kvs-client: " + complaint, outcome.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_tells_the_result_of_each_operation()
    {
        await using var client = new ClientHarness();
        var report = Json.Line(
            (await client.RunWithInputAsync("incr n 5\nset n 1 --get\nrm x\n", "batch", "-o", "json")).Out);
        Assert.Equal("applied version results", report.Members());
        Assert.Equal(
            """[{"existed":false,"value":5},{"existed":true,"previous":"5"},{"existed":false}]""",
            report.GetProperty("results").GetRawText());

        var failed = await client.RunWithInputAsync("check n --if-absent\n", "batch", "-o", "json");
        Assert.Equal((1, "{\"applied\":false,\"failed_line\":1}\n"), (failed.Code, failed.Out));
    }

    [Fact]
    public async Task Nothing_to_do_is_done()
    {
        await using var client = new ClientHarness();
        Assert.Equal("0 operations applied\n", (await client.RunWithInputAsync("", "batch")).Out);
    }

    [Fact]
    public async Task A_file_is_read_like_stdin()
    {
        await using var client = new ClientHarness();
        client.Io.Files["ops"] = "set a 1"u8.ToArray();
        Assert.Equal("1 operation applied\n", (await client.RunAsync("batch", "--file", "ops")).Out);
        Assert.Equal(
            "1 operation applied\n", (await client.RunWithInputAsync("set b 2\r\n", "batch", "--file", "-")).Out);
        Assert.Equal("a\t1\nb\t2\n", (await client.RunAsync("scan")).Out);
    }
}
