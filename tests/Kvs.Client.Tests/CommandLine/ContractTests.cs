using Kvs.Client.Tests.Harness;
using Kvs.Core.Primitives;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Client.Tests.CommandLine;

/// <summary>The contract that scripts rely on: stdout, stderr and exit code of every case, row by row.</summary>
public sealed class ContractTests
{
    [Fact]
    public async Task Set_and_rm_of_a_present_key_are_silent()
    {
        await using var client = new ClientHarness();
        AssertSilent(await client.RunAsync("set", "key1", "value1"));
        AssertSilent(await client.RunAsync("rm", "key1"));
    }

    [Fact]
    public async Task Get_of_a_present_key_prints_the_value_and_a_newline()
    {
        await using var client = new ClientHarness();
        await client.RunAsync("set", "key1", "value1");
        var outcome = await client.RunAsync("get", "key1");
        Assert.Equal((0, "value1\n", ""), (outcome.Code, outcome.Out, outcome.Err));
    }

    [Fact]
    public async Task Get_of_a_missing_key_says_so_on_stdout_and_succeeds()
    {
        await using var client = new ClientHarness();
        var outcome = await client.RunAsync("get", "key2");
        Assert.Equal((0, "Key not found\n", ""), (outcome.Code, outcome.Out, outcome.Err));
    }

    [Fact]
    public async Task Rm_of_a_missing_key_says_so_on_stderr_and_fails()
    {
        await using var client = new ClientHarness();
        var outcome = await client.RunAsync("rm", "key2");
        Assert.Equal((1, "", "Key not found\n"), (outcome.Code, outcome.Out, outcome.Err));
    }

    [Theory]
    [InlineData]
    [InlineData("unknown")]
    [InlineData("help")]
    [InlineData("get")]
    [InlineData("get", "a", "b")]
    [InlineData("set")]
    [InlineData("set", "a")]
    [InlineData("set", "a", "b", "c")]
    [InlineData("rm")]
    [InlineData("rm", "a", "b")]
    [InlineData("get", "k", "--unknown-flag")]
    [InlineData("get", "-V")]
    [InlineData("get", "k", "--addr", "invalid-addr")]
    [InlineData("set", "k", "v", "--addr", "invalid-addr")]
    [InlineData("rm", "k", "--addr=invalid-addr")]
    [InlineData("--addr", "invalid-addr", "get", "k")]
    [InlineData("get", "k", "--addr")]
    [InlineData("unknown", "get", "k")]
    [InlineData("-x")]
    [InlineData("--addr", "127.0.0.1:4000")]
    public async Task Usage_errors_say_nothing_on_stdout_and_exit_2_without_a_server(params string[] args)
    {
        await using var client = new ClientHarness();
        client.ConnectFailure = new InvalidOperationException("must not connect");
        var outcome = await client.RunAsync(args);
        Assert.Equal((2, ""), (outcome.Code, outcome.Out));
        Assert.StartsWith("kvs-client: ", outcome.Err, StringComparison.Ordinal);
        Assert.Contains("kvs-client", outcome.Err[12..], StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_arguments_show_the_usage()
    {
        await using var client = new ClientHarness();
        Assert.Contains("Usage: kvs-client COMMAND", (await client.RunAsync()).Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_reachable_is_one_line_with_the_address_and_exit_3()
    {
        await using var client = new ClientHarness
        {
            ConnectFailure = new KvsUnavailableException(ErrorCode.Unreachable, "Connection\nrefused"),
        };
        var outcome = await client.RunAsync("get", "k", "--addr", "127.0.0.1:4999");
        Assert.Equal(
            (3, "", "kvs-client: cannot reach 127.0.0.1:4999: Connection refused\n"),
            (outcome.Code, outcome.Out, outcome.Err));
    }

    [Theory]
    [InlineData("-V")]
    [InlineData("--version")]
    public async Task The_version_is_the_one_of_the_build(string option)
    {
        await using var client = new ClientHarness();
        var outcome = await client.RunAsync(option);
        Assert.Equal((0, "kvs-client 0.1.0\n", ""), (outcome.Code, outcome.Out, outcome.Err));
    }

    [Theory]
    [InlineData("--addr", "127.0.0.1:4005", "get", "k")]
    [InlineData("get", "--addr", "127.0.0.1:4005", "k")]
    [InlineData("get", "k", "--addr", "127.0.0.1:4005")]
    [InlineData("get", "k", "--addr=127.0.0.1:4005")]
    public async Task The_address_may_stand_anywhere(params string[] args)
    {
        await using var client = new ClientHarness();
        Assert.Equal(0, (await client.RunAsync(args)).Code);
        Assert.Equal("127.0.0.1:4005", client.Address);
    }

    [Fact]
    public async Task The_address_comes_from_the_option_else_the_variable_else_the_default()
    {
        await using var client = new ClientHarness();
        await client.RunAsync("get", "k");
        Assert.Equal("127.0.0.1:4000", client.Address);

        client.Io.Variables["KVS_ADDR"] = "localhost:4001";
        await client.RunAsync("get", "k");
        Assert.Equal("localhost:4001", client.Address);

        client.Io.Variables["KVS_ADDR"] = "localhost:4001";
        await client.RunAsync("get", "k", "--addr", "[::1]:4002");
        Assert.Equal("[::1]:4002", client.Address);

        client.Io.Variables["KVS_ADDR"] = "nonsense";
        var outcome = await client.RunAsync("get", "k");
        Assert.Equal(2, outcome.Code);
        Assert.Contains("KVS_ADDR", outcome.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_timeout_is_5_seconds_unless_given()
    {
        await using var client = new ClientHarness();
        await client.RunAsync("get", "k");
        Assert.Equal(TimeSpan.FromSeconds(5), client.Timeout);
        await client.RunAsync("get", "k", "--timeout", "1.5s");
        Assert.Equal(TimeSpan.FromSeconds(1.5), client.Timeout);
    }

    [Fact]
    public async Task The_access_sequence_of_the_course_holds()
    {
        await using var client = new ClientHarness();
        await client.RunAsync("set", "key1", "value1");
        Assert.Equal("value1\n", (await client.RunAsync("get", "key1")).Out);
        await client.RunAsync("set", "key1", "value2");
        Assert.Equal("value2\n", (await client.RunAsync("get", "key1")).Out);
        Assert.Contains("Key not found", (await client.RunAsync("get", "key2")).Out, StringComparison.Ordinal);
        Assert.NotEqual(0, (await client.RunAsync("rm", "key2")).Code);
        AssertSilent(await client.RunAsync("set", "key2", "value3"));
        AssertSilent(await client.RunAsync("rm", "key1"));
        Assert.Contains("value3", (await client.RunAsync("get", "key2")).Out, StringComparison.Ordinal);
        Assert.Contains("Key not found", (await client.RunAsync("get", "key1")).Out, StringComparison.Ordinal);
    }

    private static void AssertSilent(RunOutcome outcome) =>
        Assert.Equal((0, "", ""), (outcome.Code, outcome.Out, outcome.Err));
}
