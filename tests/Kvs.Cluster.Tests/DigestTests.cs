using Kvs.Cluster.Tests.Simulation;
using Kvs.Core.Replication;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Cluster.Tests;

/// <summary>Nodes compare their states, and who differs follows no more: under both policies, in the time of the run.</summary>
/// <param name="output">For the figures.</param>
public sealed class DigestTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    public static TheoryData<bool> Policies => [false, true];

    [Theory]
    [MemberData(nameof(Policies))]
    public void A_follower_that_differs_no_longer_counts_and_comes_back_with_an_empty_disk(bool hasControlPlane)
    {
        var run = new Story(hasControlPlane);
        var other = run.Follower;
        other.Disk.Damage = 1;
        run.Until("it takes no part any more", () => other.Node.Role == NodeRole.Diverged);
        run.Until("the primary knows", () => run.Primary is { } primary && primary.Node.Diverged.Contains(other.Name));
        run.Until("it is kept", () => other.Disk.Record.IsDiverged);
        run.UntilWritten();
        Assert.DoesNotContain(run.Primary!.Node.Replicas, replica => replica.Link.Peer == other.Name);
        Assert.DoesNotContain(run.Cluster.ControlPlane.View.State?.InSync ?? [], member => member.Node == other.Name);

        // A restart, or another primary, does not make it right.
        other.Crash();
        other.Start();
        run.Primary!.Crash();
        run.Go(10 * Second);
        Assert.Equal(NodeRole.Diverged, other.Node.Role);
        foreach (var node in run.Cluster.Nodes.Where(node => !node.IsUp))
        {
            node.Start();
        }

        run.UntilWritten();
        other.Crash();
        other.Disk.Wipe(run.Cluster.World.Random);
        other.Start();
        run.Until("it counts again", () => run.Primary?.Node.Replicas.Any(
            replica => replica.Link.Peer == other.Name && replica is { Counts: true, IsStreaming: true }) == true);
        Assert.Empty(run.Primary!.Node.Diverged);
        run.Until("it knows that", () => other.Node.Role == NodeRole.Follower);
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void A_primary_that_differs_from_most_hands_over_and_is_found_by_the_next(bool hasControlPlane)
    {
        var run = new Story(hasControlPlane);
        var old = run.Primary!;
        old.Disk.Damage = 1;
        run.Until("another leads", () => run.Primary is { } primary && primary != old);
        run.Until("the old one takes no part", () => old.Node.Role == NodeRole.Diverged);
        Assert.All(run.Cluster.Nodes.Where(node => node != old), node => Assert.False(node.Disk.Record.IsDiverged));
        run.UntilWritten();
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void A_difference_that_is_gone_at_the_second_look_excludes_nobody(bool hasControlPlane)
    {
        var run = new Story(hasControlPlane);
        var other = run.Follower;
        other.Disk.Damage = 1;
        run.Until("it was seen", () => run.Cluster.World.Trace.Text(50).Contains("is looked at again", StringComparison.Ordinal));
        other.Disk.Damage = 0;
        run.Go(5 * Second);
        Assert.Equal(NodeRole.Follower, other.Node.Role);
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Whatever_goes_wrong_besides_nodes_with_one_history_never_differ(bool hasControlPlane)
    {
        var digests = 0;
        for (var seed = 1; seed <= 60; seed++)
        {
            var cluster = SimRun.Run(seed, Story.OptionsOf(hasControlPlane));
            digests += cluster.Digests;
            Assert.DoesNotContain(cluster.Nodes, node => node.Disk.Record.IsDiverged);
        }

        output.WriteLine($"{digests} digests");
        Assert.True(digests > 100, $"{digests} digests");
    }

    /// <summary>A group of three that is calm and compares often.</summary>
    private sealed class Story
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

        internal Story(bool hasControlPlane)
        {
            Cluster = new SimCluster(1, OptionsOf(hasControlPlane) with { Faults = new FaultPlan(), Nodes = 3, MinInSync = 2 });
            SimRun.Begin(Cluster);
            Cluster.Network.DelayMicrosMax = 1000;
            Until("all follow", () => Primary?.Node.Replicas.Count(replica => replica is { Counts: true, IsStreaming: true }) == 2);
            UntilWritten();
        }

        internal SimCluster Cluster { get; }

        /// <summary>The node that leads the newest epoch; null when none does.</summary>
        internal SimNode? Primary => Cluster.Nodes
            .Where(node => node is { IsUp: true } && node.Node.Role == NodeRole.Primary)
            .MaxBy(node => node.Node.Epoch);

        internal SimNode Follower => Cluster.Nodes.First(node => node != Primary);

        internal static SimOptions OptionsOf(bool hasControlPlane) => new()
        {
            HasControlPlane = hasControlPlane,
            Settings = settings => settings with { Timings = settings.Timings with { Digest = 0.5 * Second } },
        };

        internal void Until(string what, Func<bool> isSo)
        {
            var end = Cluster.World.Now + Patience;
            while (!isSo())
            {
                Cluster.World.Step();
                Assert.True(Cluster.World.Now < end, $"Not in time: {what}\n{Cluster.World.Trace.Text(60)}");
            }
        }

        internal void UntilWritten()
        {
            var writes = Cluster.Histories.Writes;
            Until("a write is done", () => Cluster.Histories.Writes > writes);
        }

        internal void Go(TimeSpan length)
        {
            for (var end = Cluster.World.Now + length; Cluster.World.Now < end;)
            {
                Cluster.World.Step();
            }
        }
    }
}
