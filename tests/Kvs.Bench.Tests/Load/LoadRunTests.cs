using Kvs.Bench.Load;
using Kvs.Bench.Load.Wires;
using Kvs.Bench.Workloads;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Bench.Tests.Load;

/// <summary>What a load counts, and when it is void.</summary>
public sealed class LoadRunTests
{
    private const string Linux = "LINUX";

    [PlatformFact(Linux)]
    public async Task A_load_sets_each_key_once()
    {
        await using var server = new FakeServer(static received => Pongs(received.Length / PingBytes));
        var plan = Plan(server) with { Keys = 1001, EachKeyOnce = true, Clients = 3, Pipeline = 7, Threads = 2 };

        var result = LoadRun.Run(plan, serverId: null);

        Assert.Equal(1001, result.All.Count);
    }

    /// <summary>
    /// No coordinated omission: a closed loop would have asked such a server once for each client, and have found it fast
    /// until then. Of an open loop every request counts that was due.
    /// </summary>
    [PlatformFact(Linux)]
    public async Task Requests_of_an_open_loop_count_although_the_server_stalls()
    {
        await using var server = new FakeServer(static _ => default);
        var plan = Plan(server) with { Rate = 1000, Seconds = 0.25, WarmUpSeconds = 0.05, Clients = 2, Pipeline = 4 };

        var result = LoadRun.Run(plan, serverId: null);

        Assert.Equal((250, 250), (result.All.Count, result.Unanswered));
        Assert.Equal(0, result.Rate);
    }

    [PlatformFact(Linux)]
    public async Task An_open_loop_asks_as_often_as_it_should()
    {
        await using var server = new FakeServer(static received => Pongs(received.Length / PingBytes));
        var plan = Plan(server) with { Rate = 500, Seconds = 1, Clients = 4, Pipeline = 64 };

        var result = LoadRun.Run(plan, serverId: null);

        Assert.Equal((500, 0), (result.All.Count, result.Unanswered));
    }

    [PlatformFact(Linux)]
    public async Task A_closed_loop_goes_on_until_there_is_a_reply_and_all_of_its_time_counts()
    {
        await using var server = new FakeServer(static received => Pongs(received.Length / PingBytes)) { Pause = TimeSpan.FromSeconds(0.1) };

        var result = LoadRun.Run(Plan(server) with { Seconds = 0.05 }, serverId: null);

        Assert.True(result.All.Count / result.Rate >= 0.2, $"{result.All.Count} replies, {result.Rate} a second");
    }

    [PlatformFact(Linux)]
    public async Task A_wrong_reply_voids_the_run()
    {
        await using var server = new FakeServer(static _ => "+OK\r\n"u8.ToArray());

        Assert.Throws<LoadFaultException>(() => LoadRun.Run(Plan(server) with { Seconds = 5 }, serverId: null));
    }

    [PlatformFact(Linux)]
    public async Task A_reply_that_nobody_asked_for_voids_the_run()
    {
        await using var server = new FakeServer(static received => Pongs(1 + (received.Length / PingBytes)));

        Assert.Throws<LoadFaultException>(() => LoadRun.Run(Plan(server) with { Seconds = 5 }, serverId: null));
    }

    private static int PingBytes => new RespWire(new BenchValue(1)).Greeting.Length;

    private static LoadPlan Plan(FakeServer server) => new()
    {
        Address = server.Address,
        Wire = new RespWire(new BenchValue(1)),
        Mix = RequestMix.Of("ping"),
        Keys = 1,
    };

    private static byte[] Pongs(int count) => [.. Enumerable.Repeat("+PONG\r\n"u8.ToArray(), count).SelectMany(static pong => pong)];
}
