using System.Globalization;
using Kvs.Cluster.Tests.Processes.Load;
using Kvs.TestKit;
using Kvs.TestKit.Processes;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>
/// Real nodes over etcd whose wall clocks jump, each its own, under clients that go on: nobody loses the lead by it, and no
/// client is told anything that does not fit. The monotonic clocks stay as they are.
/// </summary>
/// <param name="output">Gets the figures, and the nodes' logs on failure.</param>
public sealed class ClockJumpTests(ITestOutputHelper output)
{
    private const int Writes = 50;
    private const string Library = "libfaketimeMT.so.1";

    [ToolFact("etcd", "faketime")]
    public Task A_wall_clock_that_jumps_costs_no_election_and_no_write() => ProcessCluster.RunStoppedAsync(output, 3, [], async cluster =>
    {
        using var etcd = await EtcdProcess.StartAsync();
        using var directory = new TemporaryDirectory();
        var clocks = cluster.Nodes.ToDictionary(static node => node, node => directory.At(cluster.Nodes.TakeWhile(one => one != node).Count()
            .ToString(CultureInfo.InvariantCulture)));
        foreach (var (node, clock) in clocks)
        {
            Set(clock, "+0");
            node.By =
            [
                "env", $"LD_PRELOAD={Directory.EnumerateFiles("/usr/lib", Library, SearchOption.AllDirectories).First()}",
                $"FAKETIME_TIMESTAMP_FILE={clock}", "FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1",
            ];
            node.JoinBy(etcd);
        }

        await Task.WhenAll(cluster.Nodes.Select(static node => node.StartAsync()));
        await cluster.AllFollowAsync();
        var primary = await cluster.PrimaryAsync();
        var replica = cluster.Others(primary)[0];
        var epoch = (await ClusterCalls.StatusAsync(primary.Name)).Epoch;
        await using var load = new ClusterLoad(cluster, 4, new Random(1));
        load.Start();
        await load.Acknowledged.MoreAsync(Writes);
        foreach (var (node, to) in ((NodeProcess, string)[])[(primary, "+1h"), (primary, "-1h"), (replica, "+400d"), (replica, "-1d"), (primary, "+400d")])
        {
            load.Acknowledged.Restart();
            Set(clocks[node], to);
            await load.Acknowledged.MoreAsync(Writes);
            output.WriteLine($"the {(node == primary ? "primary" : "replica")}'s clock is set to {to}: "
                + $"{load.Acknowledged.Longest().TotalSeconds:0.000} s without an acknowledged write");
        }

        Assert.Equal(epoch, (await ClusterCalls.StatusAsync(primary.Name)).Epoch);
        await load.StopAsync();
        await load.CheckAllNodesAsync();

        // It says so itself: the clock did jump.
        Assert.Equal(0, await primary.TerminateAsync());
        var year = TimeProvider.System.GetUtcNow().AddDays(400).ToString("yyyy-", CultureInfo.InvariantCulture);
        Assert.Contains(primary.NewestLog.Split('\n'), line => line.StartsWith(year, StringComparison.Ordinal));
    });

    private static void Set(string clock, string to)
    {
        // At once or not at all: the node reads it whenever it looks at its clock.
        File.WriteAllText(clock + ".new", to);
        File.Move(clock + ".new", clock, overwrite: true);
    }
}
