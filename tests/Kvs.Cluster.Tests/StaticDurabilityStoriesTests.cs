using Kvs.Cluster.Tests.Simulation;
using Kvs.Core.Replication;
using Xunit;

namespace Kvs.Cluster.Tests;

/// <summary>
/// Schedules of a static list whose nodes acknowledge before they sync: who counts after a crash, who leads, and what a
/// person can decide. The run's watcher fails the story when a committed batch is lost.
/// </summary>
public sealed class StaticDurabilityStoriesTests
{
    private static readonly TimeSpan OneSecond = TimeSpan.FromSeconds(1);
    private readonly SimStory _story = new(new SimOptions { AnswersBeforeSync = true });

    /// <summary>A list that is at work.</summary>
    public StaticDurabilityStoriesTests()
    {
        _story.UntilWritten();
        _story.Until("all count", () => _story.Cluster.Nodes.All(node => node.HasEverything));
        _story.StallWithin(OneSecond);
    }

    private SimNode Primary => _story.Cluster.Nodes[0];

    private SimNode Second => _story.Cluster.Nodes[1];

    private SimNode Third => _story.Cluster.Nodes[2];

    private bool NobodyLeads => !_story.Cluster.Nodes.Any(node => node.IsUp && node.Node.Role is NodeRole.Primary or NodeRole.Recovering);

    [Fact]
    public void A_replica_that_may_have_lost_something_counts_again_when_it_has_caught_up_though_another_is_away()
    {
        Third.Crash();
        _story.UntilWritten();
        Second.Crash();
        Second.Start();
        Assert.False(Second.HasEverything);
        _story.UntilWritten();
        Assert.True(Second.HasEverything);
        Assert.Equal(Primary.Disk.Record.Candidate, Primary.Name);
    }

    [Fact]
    public void A_primary_that_may_have_lost_something_does_not_lead_by_itself_and_follows_who_is_promoted()
    {
        Primary.Crash();
        Primary.Start();
        _story.StallWithin(30 * OneSecond);
        Assert.True(NobodyLeads);

        Promote(Primary);
        Assert.False(_story.Cluster.Operator.Last!.Done);
        Assert.Contains("did not stop cleanly", _story.Cluster.Operator.Last.Text, StringComparison.Ordinal);
        Assert.Empty(_story.Cluster.Operator.Last.Better);

        Promote(Second);
        Assert.True(_story.Cluster.Operator.Last!.Done, _story.Cluster.Operator.Last.Text);
        _story.UntilWritten();
        _story.Until("the old primary counts again", () => Primary.HasEverything);

        // From now on it is as good as any.
        Second.Crash();
        Promote(Primary);
        Assert.True(_story.Cluster.Operator.Last!.Done || _story.Cluster.Operator.Last.Better == Third.Name);
    }

    [Fact]
    public void When_all_may_have_lost_something_nobody_leads_until_a_person_gives_it_up_on_the_node_with_the_newest_log()
    {
        _story.CutFromNodes(Third);
        _story.UntilWritten();
        Primary.Disk.Sync(ulong.MaxValue);
        RestartAll();
        _story.StallWithin(30 * OneSecond);
        Assert.True(NobodyLeads);
        foreach (var node in _story.Cluster.Nodes)
        {
            Promote(node);
            Assert.False(_story.Cluster.Operator.Last!.Done);
        }

        Force(Third);
        Assert.False(_story.Cluster.Operator.Last!.Done);
        Assert.Contains("longer log", _story.Cluster.Operator.Last.Text, StringComparison.Ordinal);
        var better = _story.Cluster.Nodes.Single(node => node.Name == _story.Cluster.Operator.Last.Better);
        Assert.Equal(Primary.Disk.Last, better.Disk.Last);

        // A majority is enough, and those that were there count again without the third.
        Second.Crash();
        Force(Primary);
        Assert.True(_story.Cluster.Operator.Last!.Done, _story.Cluster.Operator.Last.Text);
        Assert.Contains("is lost", _story.Cluster.Operator.Last.Text, StringComparison.Ordinal);
        _story.UntilWritten();
        Assert.False(Second.IsUp);
        Second.Start();
        _story.Until("all count again", () => _story.Cluster.Nodes.All(node => node.HasEverything));
    }

    [Fact]
    public void Who_is_to_lead_in_spite_of_a_loss_must_be_sealed_by_a_majority_all_the_same()
    {
        RestartAll();
        Second.Crash();
        Third.Crash();
        Force(Primary);
        Assert.False(_story.Cluster.Operator.Last!.Done);
        Assert.True(NobodyLeads);
        Assert.False(Primary.HasEverything);
    }

    [Fact]
    public void Nothing_is_given_up_where_a_majority_has_everything()
    {
        Primary.Crash();
        Primary.Start();
        foreach (var node in new[] { Primary, Second })
        {
            Force(node);
            Assert.False(_story.Cluster.Operator.Last!.Done);
            Assert.Contains("a majority has everything", _story.Cluster.Operator.Last.Text, StringComparison.Ordinal);
        }

        Assert.False(Primary.HasEverything);
        Promote(Second);
        Force(Second);
        Assert.Contains("this node leads", _story.Cluster.Operator.Last!.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_person_may_decide_while_the_configured_primary_waits_for_others_that_count()
    {
        // It holds everything, the others may have lost something; one alone is no majority.
        Primary.Disk.Sync(ulong.MaxValue);
        RestartAll();
        Primary.Crash();
        Primary.Disk.Store(Primary.Disk.Record with { Incarnation = 1 });
        Primary.Start();
        _story.StallWithin(10 * OneSecond);
        Assert.Equal(NodeRole.Candidate, Primary.Node.Role);
        Promote(Primary);
        Assert.Contains("cluster force-promote", _story.Cluster.Operator.Last!.Text, StringComparison.Ordinal);
        Force(Primary);
        Assert.True(_story.Cluster.Operator.Last!.Done, _story.Cluster.Operator.Last.Text);
        _story.UntilWritten();
        _story.Until("all count again", () => _story.Cluster.Nodes.All(node => node.HasEverything));
    }

    private void RestartAll()
    {
        foreach (var node in _story.Cluster.Nodes)
        {
            node.Crash();
        }

        _story.Cluster.Network.HealAll();
        foreach (var node in _story.Cluster.Nodes)
        {
            node.Start();
        }
    }

    private void Promote(SimNode node) => Ask(() => _story.Cluster.Operator.Promote(node));

    private void Force(SimNode node) => Ask(() => _story.Cluster.Operator.Force(node));

    private void Ask(Action ask)
    {
        var before = _story.Cluster.Operator.Last;
        ask();
        _story.Until("the operator is answered", () => _story.Cluster.Operator.Last != before);
    }
}
