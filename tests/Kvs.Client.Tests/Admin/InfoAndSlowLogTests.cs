using Kvs.Client.Tests.Harness;
using Kvs.Core.Operations;
using Xunit;

namespace Kvs.Client.Tests.Admin;

/// <summary>What a server says of itself, and what took long.</summary>
public sealed class InfoAndSlowLogTests : IAsyncDisposable
{
    private static readonly SlowRequest _first = new()
    {
        Id = 1,
        At = new DateTimeOffset(2026, 11, 26, 13, 0, 0, 250, TimeSpan.Zero),
        Duration = TimeSpan.FromMilliseconds(120.5),
        Operation = "set",
        Result = "ok",
        Key = "user:1",
        KeyBytes = 6,
        Bytes = 106,
        Requests = 3,
        Door = "tcp",
        Client = "127.0.0.1:50000",
    };

    private readonly ClientHarness _client = new();

    [Fact]
    public async Task Info_prints_what_the_server_says()
    {
        _client.Info = new ServerInfo
        {
            Name = "kvs-server",
            Version = "1.2.3",
            NodeId = "n1",
            Role = NodeRole.Primary,
            Epoch = 4,
            Engine = "kvs",
            Durability = "always",
            Uptime = TimeSpan.FromSeconds(90),
            Connections = 2,
            Doors = "tcp:4000 http:8080",
        };
        var run = await _client.RunAsync("info");
        Assert.Equal(
            """
            server       kvs-server
            version      1.2.3
            node         n1
            role         primary
            epoch        4
            engine       kvs
            durability   always
            uptime_ms    90000
            connections  2
            doors        tcp:4000 http:8080

            """, run.Out);
    }

    [Fact]
    public async Task Slowlog_prints_the_newest_first_as_a_table()
    {
        _client.SlowLog = [_first with { Id = 2, Operation = "get", Door = "", Key = "", KeyBytes = 0 }, _first];
        var run = await _client.RunAsync("slowlog");
        Assert.Equal(
            """
            ID  TIME                      TOOK   OPERATION  RESULT  BYTES  REQUESTS  CLIENT               KEY
            2   2026-11-26T13:00:00.250Z  120ms  get        ok      106    3         -                    -
            1   2026-11-26T13:00:00.250Z  120ms  set        ok      106    3         tcp 127.0.0.1:50000  user:1

            """, run.Out);
    }

    [Fact]
    public async Task Slowlog_gives_as_many_as_are_asked_for_and_json()
    {
        _client.SlowLog = [_first, _first];
        var run = await _client.RunAsync("slowlog", "1", "-o", "json");
        Assert.Contains("\"ms\":120.5", run.Out, StringComparison.Ordinal);
        Assert.Single(run.Out.Split("\"operation\"").Skip(1));
    }

    [Fact]
    public async Task Slowlog_wants_a_number()
    {
        var run = await _client.RunAsync("slowlog", "many");
        Assert.Equal(2, run.Code);
        Assert.Contains("N", run.Err, StringComparison.Ordinal);
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();
}
