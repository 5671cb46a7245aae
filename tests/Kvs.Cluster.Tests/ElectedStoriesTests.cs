using System.Globalization;
using Kvs.Cluster.Tests.Simulation;
using Kvs.Core.Replication;
using Kvs.Core.Replication.ControlPlane;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Cluster.Tests;

/// <summary>
/// What a group with a control plane does about each fault, and how long it takes in the time of the run: the bounds
/// are those of the design's fault table, with what the clients' own patience adds.
/// </summary>
/// <param name="output">For the figures.</param>
public sealed class ElectedStoriesTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void A_crash_of_the_primary_stops_writes_for_less_than_five_seconds()
    {
        var story = InSync();
        var old = story.Primary;
        old.Crash();
        Within(5 * Second, story.UntilWritten());
        Assert.NotEqual(old, story.Primary);
        Assert.DoesNotContain(story.State!.InSync, member => member.Node == old.Name);
        old.Start();
        story.UntilInSync();
    }

    [Fact]
    public void A_crash_of_a_follower_stops_writes_until_it_is_out_of_the_set()
    {
        var story = InSync();
        var other = story.Other;
        other.Crash();
        Within(1.5 * Second, story.StallWithin(5 * Second));
        Assert.DoesNotContain(story.State!.InSync, member => member.Node == other.Name);
        other.Start();
        story.UntilInSync();
    }

    [Fact]
    public void A_follower_that_is_stopped_says_so_and_is_out_of_the_set_at_once()
    {
        var story = InSync();
        var other = story.Other;
        other.Stop();
        Within(0.5 * Second, story.StallWithin(5 * Second));
        Assert.DoesNotContain(story.State!.InSync, member => member.Node == other.Name);
        other.Start();
        story.UntilInSync();
    }

    // The set stays as it is: what is acknowledged must be on two nodes, and only one is left.
    [Fact]
    public void A_follower_that_the_set_cannot_do_without_is_waited_for_though_it_says_goodbye()
    {
        var story = InSync();
        story.Other.Crash();
        story.Until("two are in sync", () => story.State!.InSync.Length == 2);
        var last = story.Cluster.Nodes.Single(node => node.IsUp && node != story.Primary);
        last.Stop();
        Assert.True(story.StallWithin(5 * Second) > 4 * Second);
        Assert.Contains(story.State!.InSync, member => member.Node == last.Name);
        last.Start();
        Within(3 * Second, story.UntilWritten());
    }

    [Fact]
    public void A_follower_that_stands_still_is_out_of_the_set_and_comes_back()
    {
        var story = InSync();
        var other = story.Other;
        other.Pause();
        Within(1.5 * Second, story.StallWithin(5 * Second));
        other.Resume();
        story.UntilInSync();
    }

    [Fact]
    public void A_primary_that_stands_still_is_replaced_and_follows_when_it_wakes()
    {
        var story = InSync();
        var old = story.Primary;
        old.Pause();
        Within(5 * Second, story.UntilWritten());
        old.Resume();
        Within(3 * Second, story.Until("it follows", () => old.Node.Role is NodeRole.Follower or NodeRole.Learner));
        story.UntilInSync();
    }

    [Fact]
    public void Without_the_control_plane_writes_and_reads_go_on()
    {
        var story = InSync();
        var primary = story.Primary;
        story.Cluster.ControlPlane.IsDown = true;
        Within(0.5 * Second, story.StallWithin(30 * Second));
        Assert.True(Leases(primary));
        story.Cluster.ControlPlane.Heal();
        Within(0.5 * Second, story.StallWithin(10 * Second));
        Assert.Equal(primary, story.Primary);
    }

    [Fact]
    public void Without_the_control_plane_a_follower_that_fails_stops_writes_with_a_clear_refusal()
    {
        var story = InSync();
        story.Cluster.ControlPlane.IsDown = true;
        var other = story.Other;
        other.Crash();
        story.StallWithin(5 * Second);
        Assert.False(Leases(story.Primary));
        var writes = story.Cluster.Histories.Writes;
        story.StallWithin(5 * Second);
        Assert.Equal(writes, story.Cluster.Histories.Writes);
        Assert.Equal(AdmissionKind.NotEnoughReplicas, story.Primary.Engine.Service.Admission.Kind);
        story.Cluster.ControlPlane.Heal();
        Within(3 * Second, story.UntilWritten());
    }

    [Fact]
    public void A_primary_that_alone_is_cut_from_the_control_plane_hands_over_after_ten_seconds()
    {
        var story = InSync();
        var old = story.Primary;
        story.CutFromControl(old);
        Within(0.5 * Second, story.StallWithin(9 * Second));
        Assert.Equal(old, story.Primary);
        Within(3 * Second, story.Until("another leads", () => story.HasPrimary && story.Primary != old));
        Within(1 * Second, story.StallWithin(5 * Second));
        Assert.Equal(NodeRole.Follower, old.Node.Role);
    }

    [Fact]
    public void A_primary_that_no_follower_hears_gives_up_its_key()
    {
        var story = InSync();
        var old = story.Primary;
        story.CutFromNodes(old);
        Within(7 * Second, story.UntilWritten());
        Assert.NotEqual(old, story.Primary);
        Assert.NotEqual(NodeRole.Primary, old.Node.Role);
    }

    // Its followers fall silent a moment apart, so it takes one of them out of the set before it cannot take out the other.
    [Fact]
    public void A_primary_that_was_cut_off_does_not_hold_up_the_next_one_whose_set_it_is_needed_for()
    {
        var story = InSync();
        var old = story.Primary;
        var late = story.Other;
        story.Cluster.Network.Cut(old.Name, late.Name);
        story.Cluster.Network.Cut(late.Name, old.Name);
        story.Until("it is out of the set", () => story.State!.InSync.All(member => member.Node != late.Name));
        story.CutFromNodes(old);
        Within(4.6 * Second, story.StallWithin(9 * Second));
        Assert.DoesNotContain(story.State!.InSync, member => member.Node == old.Name);
        story.Cluster.Network.HealAll();
        story.UntilInSync();
    }

    [Fact]
    public void A_primary_that_is_cut_from_everybody_stops_to_answer_reads_before_another_leads()
    {
        var story = InSync();
        var old = story.Primary;
        story.CutFromNodes(old);
        story.CutFromControl(old);
        Within(1.6 * Second, story.Until("its lease ends", () => !Leases(old)));
        Assert.Equal(old.Name, story.State!.Primary.Node);
        Within(7 * Second, story.UntilWritten());
        story.Cluster.Network.HealAll();
        story.Cluster.ControlPlane.Heal();
        story.UntilInSync();
    }

    [Fact]
    public void A_primary_that_was_replaced_unawares_does_not_tell_what_a_condition_saw()
    {
        // It hands over, hears nothing of how that ended, and goes on: it needs nobody else in sync to take writes, and
        // judges their conditions in its old state.
        var story = InSync(new SimOptions { MinInSync = 1 });
        var (old, next) = (story.Primary, story.Other);
        Assert.Equal(SimOutcome.Done, story.Write(old).Outcome);
        story.CutFromControl(old);
        SimStory.Tell(old, new NodeInput.HandOver(1, next.Name));
        story.Until("the next one is elected", () => story.State!.Primary.Node == next.Name);
        story.CutFromNodes(old);
        story.Until("the next one leads", () => story.HasPrimary);
        var written = story.Write(next).Entry!.Version.Sequence;
        story.Until("the old one goes on", () => old.Engine.Service.Admission.Kind == AdmissionKind.Open);
        Assert.Equal(SimOutcome.NoLease, story.Write(old, expected: written).Outcome);
        Assert.Equal(SimOutcome.ConditionFailed, story.Write(next, expected: 0).Outcome);
    }

    [Fact]
    public void A_lease_that_the_control_plane_ends_early_changes_nothing()
    {
        var story = InSync();
        var epoch = story.State!.Epoch;
        for (var i = 0; i < 30; i++)
        {
            story.Cluster.ControlPlane.EndOneEarly();
            Within(0.5 * Second, story.StallWithin(0.5 * Second));
        }

        Assert.Equal(epoch, story.State!.Epoch);
        story.StallWithin(3 * Second);
        Assert.Equal(epoch, story.Cluster.ControlPlane.View.Leader?.Epoch);
    }

    [Fact]
    public void With_the_set_at_its_least_size_reads_go_on_and_a_learner_takes_the_place_of_the_dead()
    {
        var story = InSync();
        var (primary, dead) = (story.Primary, story.Other);
        dead.Crash();
        story.Until("two are in sync", () => story.State!.InSync.Length == 2);
        var second = story.Cluster.Nodes.Single(node => node != primary && node != dead);
        second.Crash();
        story.StallWithin(2 * Second);
        Assert.Equal(AdmissionKind.NotEnoughReplicas, primary.Engine.Service.Admission.Kind);
        var reads = story.Cluster.Histories.Reads;
        Assert.True(story.StallWithin(5 * Second) > 4 * Second);
        Assert.True(story.Cluster.Histories.Reads > reads, "no read was confirmed");
        dead.Start();
        Within(5 * Second, story.UntilWritten());
        Assert.Equal([primary.Name, dead.Name], story.State!.InSync.Select(member => member.Node));
    }

    [Fact]
    public void After_a_power_cut_of_all_nodes_the_group_comes_back_with_everything()
    {
        var story = InSync();
        foreach (var node in story.Cluster.Nodes)
        {
            node.Crash();
        }

        story.StallWithin(10 * Second);
        foreach (var node in story.Cluster.Nodes)
        {
            node.Start();
        }

        Within(6 * Second, story.UntilWritten());
        story.UntilInSync();
    }

    [Fact]
    public void Under_a_weaker_durability_nobody_leads_after_a_power_cut_of_all_nodes_until_a_person_says_who()
    {
        var isUnclean = false;
        var story = InSync(new SimOptions { Opened = start => start with { MayHaveLost = isUnclean } });
        var last = story.Primary;
        foreach (var node in story.Cluster.Nodes)
        {
            node.Crash();
        }

        isUnclean = true;
        foreach (var node in story.Cluster.Nodes)
        {
            node.Start();
        }

        var epoch = story.State!.Epoch;
        story.StallWithin(30 * Second);
        Assert.Equal(epoch, story.State!.Epoch);
        Assert.False(story.HasPrimary);

        SimStory.Tell(last, new NodeInput.ForcePromote(1));
        story.Until("it leads", () => story.HasPrimary);
        Assert.Equal(last.Name, story.State!.Primary.Node);
        Assert.Equal(story.State.Epoch, Assert.Single(story.State.LossEpochs));
        story.UntilInSync();
        Within(1 * Second, story.UntilWritten());

        // It is for the day on which nobody else can lead.
        epoch = story.State!.Epoch;
        SimStory.Tell(story.Other, new NodeInput.ForcePromote(2));
        story.StallWithin(10 * Second);
        Assert.Equal((epoch, 1), (story.State!.Epoch, story.State.LossEpochs.Length));
    }

    [Fact]
    public void A_forced_promotion_is_refused_while_a_node_answers_that_has_everything()
    {
        var (story, outside, last) = OneIsOut();

        // Nobody leads, for it is cut off from the control plane: but it lives, and has everything.
        SimStory.Tell(outside, new NodeInput.ForcePromote(1));
        var answer = story.Answer(1);
        Assert.False(answer.Done);
        Assert.Contains($"{last.Name} answers and is in sync", answer.Text, StringComparison.Ordinal);
        Assert.Empty(story.State!.LossEpochs);

        last.Crash();
        SimStory.Tell(outside, new NodeInput.ForcePromote(2));
        answer = story.Answer(2);
        Assert.True(answer.Done, answer.Text);
        Assert.Equal(story.State!.Epoch, Assert.Single(story.State.LossEpochs));
    }

    [Fact]
    public void A_forced_promotion_of_which_the_control_plane_says_nothing_is_answered_as_unknown()
    {
        var (story, outside, last) = OneIsOut();
        last.Crash();
        SimStory.Tell(outside, new NodeInput.ForcePromote(1));
        story.Until("the record names it", () => story.State!.Primary.Node == outside.Name);
        story.Cluster.ControlPlane.Cut(outside.Name, inwards: true);
        var answer = story.Answer(1);
        Assert.True(answer is { Done: false, IsUnknown: true }, answer.Text);
        Assert.Contains("cluster status", answer.Text, StringComparison.Ordinal);

        story.Cluster.ControlPlane.Heal();
        last.Start();
        story.Until("it leads", () => story.HasPrimary);
        Assert.Equal(outside, story.Primary);
    }

    [Fact]
    public void A_forced_promotion_that_surely_was_not_done_says_what_kept_it()
    {
        var (story, outside, last) = OneIsOut();
        last.Crash();
        story.CutFromControl(outside);
        SimStory.Tell(outside, new NodeInput.ForcePromote(1));
        var answer = story.Answer(1);
        Assert.Equal((false, false), (answer.Done, answer.IsUnknown));
        Assert.Contains("etcd does not answer", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_that_may_have_lost_something_or_has_lost_its_disk_comes_back_under_another_incarnation()
    {
        var isUnclean = false;
        var story = InSync(new SimOptions { Opened = start => start with { MayHaveLost = isUnclean } });
        var other = story.Other;
        var known = story.State!.InSync.Single(member => member.Node == other.Name);
        other.Crash();
        isUnclean = true;
        other.Start();
        story.UntilInSync();
        Assert.DoesNotContain(known, story.State!.InSync);

        isUnclean = false;
        var primary = story.Primary;
        primary.Crash();
        primary.Disk.Wipe(story.Cluster.World.Random);
        primary.Start();
        story.UntilInSync();
        Assert.Equal(3, story.State!.InSync.Length);
    }

    [Fact]
    public void A_transfer_moves_the_primary_without_a_pause_that_clients_notice()
    {
        var story = InSync();
        var (old, next) = (story.Primary, story.Other);
        SimStory.Tell(old, new NodeInput.HandOver(1, next.Name));
        Within(0.5 * Second, story.StallWithin(3 * Second));
        Assert.Equal(next, story.Primary);
        story.UntilInSync();
    }

    [Fact]
    public void A_node_leaves_while_writes_go_on_and_joins_again_when_it_is_started()
    {
        var story = InSync();
        var other = story.Other;
        SimStory.Tell(story.Primary, new NodeInput.Leave(1, other.Name));
        Within(0.5 * Second, story.StallWithin(5 * Second));
        Assert.Equal(NodeRole.Left, other.Node.Role);
        Assert.Null(story.State!.RoleOf(other.Name));
        other.Crash();
        story.StallWithin(5 * Second);
        other.Start();
        story.UntilInSync();
    }

    [Fact]
    public void A_dead_node_is_removed_while_writes_go_on()
    {
        var story = InSync();
        var other = story.Other;
        other.Crash();
        story.StallWithin(3 * Second);
        SimStory.Tell(story.Primary, new NodeInput.Leave(1, other.Name));
        Within(0.5 * Second, story.StallWithin(3 * Second));
        Assert.Null(story.State!.RoleOf(other.Name));
    }

    [Fact]
    public void A_node_that_does_not_join_by_itself_follows_until_a_person_takes_it_in()
    {
        var story = new SimStory(new SimOptions
        {
            HasControlPlane = true,
            Settings = settings => settings with { JoinsByItself = settings.NodeId != "n3" },
        });
        story.UntilWritten();
        story.StallWithin(5 * Second);
        Assert.Equal(ReplicaRole.Learner, story.State!.RoleOf("n3"));
        Assert.Equal(NodeRole.Learner, story.Cluster.Nodes[2].Node.Role);
        SimStory.Tell(story.Primary, new NodeInput.Add(1, "n3"));
        story.UntilInSync();
    }

    private static SimStory InSync(SimOptions? options = null) =>
        new SimStory((options ?? new SimOptions()) with { HasControlPlane = true }).UntilInSync();

    // One of three is not in sync; of the others the primary is dead, and the last one cut off from the control plane. Nothing
    // is written meanwhile, so that nothing is lost in truth: for that the run would fail.
    private static (SimStory Story, SimNode Outside, SimNode Last) OneIsOut()
    {
        var story = InSync();
        var (primary, outside) = (story.Primary, story.Other);
        foreach (var client in story.Cluster.Clients)
        {
            client.IsActive = false;
        }

        story.StallWithin(1 * Second);
        outside.Crash();
        story.Until("two are in sync", () => story.State!.InSync.Length == 2);
        var last = story.Cluster.Nodes.Single(node => node != primary && node != outside);
        primary.Crash();
        story.CutFromControl(last);
        outside.Start();
        story.StallWithin(6 * Second);
        Assert.Null(story.Cluster.ControlPlane.View.Leader);
        return (story, outside, last);
    }

    private static bool Leases(SimNode node) =>
        node.Engine.Service.Lease.From is { } from && node.Node.LeaseHolds(from, node.Clock.Read());

    private void Within(TimeSpan bound, TimeSpan measured)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{measured.TotalSeconds:F2} s, bound {bound.TotalSeconds:F1} s"));
        Assert.True(measured <= bound, $"took {measured}, bound {bound}");
    }
}
