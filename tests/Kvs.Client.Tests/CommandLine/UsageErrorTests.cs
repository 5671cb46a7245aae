using Kvs.Client.Tests.Harness;
using Xunit;

namespace Kvs.Client.Tests.CommandLine;

/// <summary>What is refused before anything is sent, and in which words.</summary>
public sealed class UsageErrorTests
{
    [Theory]
    [InlineData("unknown option '--if-absnt'; did you mean '--if-absent'?", "set", "k", "--if-absnt")]
    [InlineData("unknown option '--if-absnt'; did you mean '--if-absent'?", "set", "k", "v", "--if-absnt")]
    [InlineData("unknown option '--ttll'; did you mean '--ttl'?", "set", "k", "v", "--ttll=30s")]
    [InlineData("unknown option '--lmit'; did you mean '--limit'?", "scan", "--lmit", "3")]
    [InlineData("unknown option '--lmit'; did you mean '--limit'?", "scan", "--prefix", "--lmit")]
    [InlineData("unknown option '-x'; operands that begin with a dash go behind --", "set", "k", "-x")]
    [InlineData("unknown option '-V'; operands that begin with a dash go behind --", "get", "-V")]
    [InlineData("unknown option '--strict'", "set", "k", "v", "--strict")]
    [InlineData("unknown command 'gett'; did you mean 'get'?", "gett", "k")]
    [InlineData("unknown command 'frobnicate'\n", "frobnicate")]
    [InlineData("the command 'get' goes before --", "--", "get", "k")]
    [InlineData("--strict takes no value", "get", "k", "--strict=true")]
    [InlineData("KEY is missing", "get")]
    [InlineData("VALUE is missing", "set", "k")]
    [InlineData("DURATION is missing", "expire", "k")]
    [InlineData("unexpected operand 'c'", "set", "a", "b", "c")]
    [InlineData("--ttl needs a value: DURATION", "set", "a", "b", "--ttl")]
    [InlineData("--addr is given more than once", "get", "a", "--addr", "a:1", "--addr", "b:2")]
    [InlineData(
        "--ttl: '30' is no duration; write a number and a unit, such as 500ms, 30s, 5m, 2h or 1d", "set", "a", "b",
            "--ttl", "30")]
    [InlineData("DURATION: '100000d' is too long; the longest is 36500d", "expire", "a", "100000d")]
    [InlineData("--ttl: '0.1ms' is too short; the shortest is 1ms", "set", "a", "b", "--ttl", "0.1ms")]
    [InlineData("--timeout: 'soon' is no duration", "get", "a", "--timeout", "soon")]
    [InlineData("--output: 'xml' is neither text nor json", "get", "a", "-o", "xml")]
    [InlineData("--if-version: 'one' is no version token", "rm", "a", "--if-version", "one")]
    [InlineData(
        "give one of --if-absent, --if-present and --if-version", "set", "a", "b", "--if-absent", "--if-present")]
    [InlineData("give one of --ttl and --keep-ttl", "set", "a", "b", "--ttl", "1s", "--keep-ttl")]
    [InlineData("give one of VALUE and --file", "set", "a", "b", "--file", "f")]
    [InlineData("give one of --raw and -o json", "get", "a", "--raw", "-o", "json")]
    [InlineData("BY: '1.5' is no 64-bit integer", "incr", "a", "1.5")]
    [InlineData("--limit: '0' is not above 0", "scan", "--limit", "0")]
    [InlineData("KEY: 'not base64!' is no base64", "get", "not base64!", "--key-b64")]
    [InlineData("KEY cannot come from stdin; for the key '-' itself write: -- -", "get", "-")]
    [InlineData("cannot read 'missing.txt'", "set", "a", "--file", "missing.txt")]
    [InlineData("cannot read 'missing.txt'", "batch", "--file", "missing.txt")]
    public async Task A_usage_error_says_what_is_wrong(string complaint, params string[] args)
    {
        await using var client = new ClientHarness();
        client.ConnectFailure = new InvalidOperationException("must not connect");
        var outcome = await client.RunAsync(args);
        Assert.Contains("kvs-client: " + complaint, outcome.Err, StringComparison.Ordinal);
        Assert.Equal((2, ""), (outcome.Code, outcome.Out));
    }

    [Theory]
    [InlineData("127.0.0.1:4000", true)]
    [InlineData("localhost:4000", true)]
    [InlineData("[::1]:4000", true)]
    [InlineData("a:1,b:2,[::1]:3", true)]
    [InlineData("invalid-addr", false)]
    [InlineData("", false)]
    [InlineData(":4000", false)]
    [InlineData("localhost:", false)]
    [InlineData("localhost:0", false)]
    [InlineData("localhost:65536", false)]
    [InlineData("localhost:+80", false)]
    [InlineData("4000", false)]
    [InlineData("localhost:4k", false)]
    [InlineData("::1:4000", false)]
    [InlineData("[::1]", false)]
    [InlineData("[nonsense]:4000", false)]
    [InlineData("a b:4000", false)]
    [InlineData("tcp://a:4000", false)]
    [InlineData("a:1,", false)]
    [InlineData("a:1,b", false)]
    public async Task An_address_is_host_and_port(string address, bool isValid)
    {
        await using var client = new ClientHarness();
        Assert.Equal(isValid ? 0 : 2, (await client.RunAsync("get", "k", $"--addr={address}")).Code);
    }

    [Theory]
    [InlineData("-5")]
    [InlineData("-0.5")]
    [InlineData("-.5")]
    [InlineData("@x")]
    [InlineData("")]
    [InlineData("true")]
    [InlineData("set")]
    [InlineData("[suggest]")]
    [InlineData("/h")]
    [InlineData("a=b:c")]
    [InlineData("two words\nand a line")]
    public async Task These_are_values(string value)
    {
        await using var client = new ClientHarness();
        Assert.Equal(0, (await client.RunAsync("set", "k", "--if-absent", value)).Code);
        Assert.Equal(value + "\n", (await client.RunAsync("get", "k")).Out);
    }

    [Theory]
    [InlineData("--if-absent")]
    [InlineData("-V")]
    [InlineData("-")]
    [InlineData("--")]
    [InlineData("--addr=x")]
    public async Task Behind_two_dashes_everything_is_an_operand(string text)
    {
        await using var client = new ClientHarness();
        Assert.Equal(0, (await client.RunAsync("set", "--", text, text)).Code);
        Assert.Equal(text + "\n", (await client.RunAsync("get", "--", text)).Out);
        Assert.Equal(0, (await client.RunAsync("set", "k", "--", text)).Code);
        Assert.Equal(text + "\n", (await client.RunAsync("get", "k")).Out);
    }
}
