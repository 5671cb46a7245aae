using Kvs.Cluster.Tests.Simulation;
using Kvs.Core.Replication;
using Xunit;

namespace Kvs.Cluster.Tests;

/// <summary>
/// Schedules of a static list in which a disk is lost while the list begins. The members' list must then not be given to
/// a disk that has forgotten what was acknowledged on it: the run's watcher fails the story when a committed batch is lost.
/// </summary>
public sealed class StaticStoriesTests
{
    private readonly SimStory _story = new(new SimOptions());

    private SimNode Founder => _story.Cluster.Nodes[0];

    private SimNode Second => _story.Cluster.Nodes[1];

    private SimNode Third => _story.Cluster.Nodes[2];

    [Fact]
    public void A_founder_that_slept_does_not_count_a_member_that_has_led_and_lost_its_disk()
    {
        // The founder has both seals but one answer; it sleeps. The others need it no more: they hold the list.
        _story.Until("the third holds the list", () => Third.Disk.Record.HasList);
        Third.Crash();
        _story.Until("the second holds the list", () => Second.Disk.Record.HasList);
        _story.StallWithin(TimeSpan.FromMilliseconds(50));
        Assert.True(Founder.Disk.Record.IsFounding);
        Founder.Pause();
        LeadAndLoseTheDisk();

        // It wakes and hears nothing of the second, whose old answer it still has.
        CutFounderFromSecond();
        Founder.Resume();
        ComesBackWithEverything();
    }

    [Fact]
    public void A_founder_that_was_restarted_does_not_found_the_list_again_with_a_member_that_has_lost_its_disk()
    {
        _story.Until("the others hold the list", () => Second.Disk.Record.HasList && Third.Disk.Record.HasList);
        Founder.Crash();
        Assert.True(Founder.Disk.Record.IsFounding);

        // It hears what the second holds, and waits for the third.
        _story.Cluster.Network.Cut(Third.Name, Founder.Name);
        Founder.Start();
        _story.StallWithin(TimeSpan.FromMilliseconds(500));
        Founder.Pause();
        LeadAndLoseTheDisk();

        CutFounderFromSecond();
        _story.Cluster.Network.Heal(Third.Name, Founder.Name);
        Founder.Resume();
        ComesBackWithEverything();
    }

    [Fact]
    public void A_list_begins_without_a_member_that_loses_its_disk_meanwhile_and_takes_it_in_then()
    {
        _story.Until("the third holds the list", () => Third.Disk.Record.HasList);
        Third.Crash();
        Third.Disk.Wipe(_story.Cluster.World.Random);
        Assert.True(Founder.Disk.Record.IsFounding);
        Third.Start();
        _story.UntilWritten();
        _story.Until("the third counts", () => Third.Disk.Record.HasList);
        Assert.Equal(NodeRole.Primary, Founder.Node.Role);
    }

    private void LeadAndLoseTheDisk()
    {
        if (!Third.IsUp)
        {
            Third.Start();
        }

        _story.Cluster.Operator.Promote(Third);
        _story.Until("the third leads", () => Third.Node.Role == NodeRole.Primary);
        _story.UntilWritten();
        Third.Crash();
        Third.Disk.Wipe(_story.Cluster.World.Random);
        Third.Start();
    }

    private void CutFounderFromSecond()
    {
        _story.Cluster.Network.Cut(Founder.Name, Second.Name);
        _story.Cluster.Network.Cut(Second.Name, Founder.Name);
    }

    private void ComesBackWithEverything()
    {
        // One disk is lost, and with the second out of reach nobody is left who may lead, whoever asks for it.
        foreach (var node in new[] { Founder, Third, Founder })
        {
            _story.StallWithin(TimeSpan.FromSeconds(6));
            _story.Cluster.Operator.Promote(node);
        }

        _story.StallWithin(TimeSpan.FromSeconds(6));
        Assert.DoesNotContain(_story.Cluster.Nodes, node => node.Node.Role == NodeRole.Primary);
        Assert.False(Third.Disk.Record.HasList);
        _story.Cluster.Network.HealAll();
        _story.Cluster.Operator.Promote(Second);
        _story.UntilWritten();
        _story.Until("the third counts again", () => Third.Disk.Record.HasList);
        Assert.Equal(NodeRole.Primary, Second.Node.Role);
    }
}
