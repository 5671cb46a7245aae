using Kvs.Cluster.Tests.Processes.Load;
using Kvs.Core.Client;
using Kvs.Core.Primitives;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>Real nodes over etcd, of which one has a disk without a free byte for a while, under clients that go on.</summary>
/// <param name="output">Gets the figures, and the nodes' logs on failure.</param>
public sealed class FullDiskTests(ITestOutputHelper output)
{
    private const int DiskMebibytes = 64;
    private const int LargeWritesMax = 2000;
    private const int Writes = 50;

    [SmallDiskFact]
    public Task A_replica_without_room_leaves_the_in_sync_set_and_comes_back_when_there_is_room() => RunAsync(async (cluster, load, disks) =>
    {
        var primary = await cluster.PrimaryAsync();
        var replica = cluster.Others(primary)[0];
        disks[replica].Fill();
        load.Acknowledged.Restart();
        await WriteUntilAsync(primary, async () =>
            !(await ClusterCalls.StatusAsync(primary.Name)).Nodes.Single(node => node.NodeId == replica.Name).InSync);
        await load.Acknowledged.MoreAsync(Writes);
        output.WriteLine($"a replica's disk is full: {load.Acknowledged.Longest().TotalSeconds:0.000} s without an acknowledged write");
        Assert.Equal(primary, await cluster.PrimaryAsync());
        disks[replica].Free();
    });

    [SmallDiskFact]
    public Task A_primary_without_room_refuses_writes_by_name_serves_reads_and_goes_on_when_there_is_room() => RunAsync(async (cluster, load, disks) =>
    {
        var primary = await cluster.PrimaryAsync();
        await Clients.SetAsync(primary.Name, "before", "1");
        disks[primary].Fill();
        var refusal = await Assert.ThrowsAnyAsync<KvsException>(() => WriteUntilAsync(primary, static () => Task.FromResult(false)));
        Assert.Equal(ErrorCode.DiskFull, refusal.Code);
        foreach (var node in cluster.Nodes)
        {
            Assert.Equal("1", await Clients.GetAsync(node.Name, "before"));
        }

        load.Acknowledged.Restart();
        disks[primary].Free();
        await load.Acknowledged.MoreAsync(Writes);
        output.WriteLine($"the primary's disk has room again: {load.Acknowledged.Longest().TotalSeconds:0.000} s until writes went on");
    });

    // Small writes go on meanwhile in a segment that is open; large ones need the next.
    private static async Task WriteUntilAsync(NodeProcess node, Func<Task<bool>> isOver)
    {
        await using var client = await KvsClient.ConnectAsync(
            node.Name, new KvsClientOptions { Retry = false, RequestTimeout = TimeSpan.FromSeconds(30) });
        var large = new byte[256 * 1024];
        for (var i = 0; i < LargeWritesMax && !await isOver(); i++)
        {
            await client.SetAsync("large", large);
        }

        Assert.True(await isOver(), "The disk did not run full.");
    }

    private Task RunAsync(Func<ProcessCluster, ClusterLoad, IReadOnlyDictionary<NodeProcess, SmallDisk>, Task> test) =>
        ProcessCluster.RunStoppedAsync(output, 3, [], async cluster =>
        {
            using var etcd = await EtcdProcess.StartAsync();
            var disks = cluster.Nodes.ToDictionary(static node => node, static node => new SmallDisk(node.DataPath, DiskMebibytes));
            try
            {
                foreach (var node in cluster.Nodes)
                {
                    node.JoinBy(etcd);
                }

                await Task.WhenAll(cluster.Nodes.Select(static node => node.StartAsync()));
                await cluster.AllFollowAsync();
                await using var load = new ClusterLoad(cluster, 4, new Random(1));
                load.Start();
                await load.Acknowledged.MoreAsync(Writes);
                await test(cluster, load, disks);
                await cluster.AllFollowAsync();
                await load.Acknowledged.MoreAsync(Writes);
                await load.StopAsync();
                await load.CheckAllNodesAsync();
            }
            finally
            {
                foreach (var disk in disks.Values)
                {
                    disk.Dispose();
                }
            }
        });
}
