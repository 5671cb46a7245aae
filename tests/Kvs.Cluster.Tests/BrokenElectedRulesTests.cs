using Kvs.Cluster.Tests.Simulation;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Replication.Rules;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Cluster.Tests;

/// <summary>
/// The deliberate bugs of docs/models, in the code: each test breaks one rule and expects the damage to be seen. The
/// fault plans are those that the rule is there for.
/// </summary>
/// <param name="output">For the figures.</param>
public sealed class BrokenElectedRulesTests(ITestOutputHelper output)
{
    private static readonly FaultPlan Unrest = new()
    {
        Crash = 0.4,
        Pause = 0.4,
        Cut = 0.4,
        Heal = 0.3,
        Break = 0.5,
        Slow = 0.3,
        Meddle = 0.2,
        ControlCut = 0.2,
        ControlSlow = 0.2,
        Lease = 0.3,
    };

    [Fact]
    public void An_acknowledgement_before_the_set_has_shrunk_is_found()
    {
        var rules = new BrokenRules
        {
            MustAcknowledgeBy = (state, asked) => [.. state.InSync.Where(member => asked.All(each => each.InSync.Contains(member)))],
        };
        Finds("I1 I3 I5", new SimOptions { Rules = rules, Faults = Unrest, Waived = "I6" });
    }

    [Fact]
    public void A_learner_in_sync_that_is_not_waited_for_is_found()
    {
        var rules = new BrokenRules { MustAcknowledgeBy = (state, _) => state.InSync };
        Finds("I1 I3 I5", new SimOptions { Rules = rules, Faults = Unrest, Waived = "I6" });
    }

    [Fact]
    public void An_election_outside_the_set_is_found()
    {
        var rules = new BrokenRules { MayStandBy = (_, _) => true };
        Finds("I1 I3 I5", new SimOptions { Rules = rules, Faults = Unrest, Waived = "I12" });
    }

    [Fact]
    public void An_acknowledgement_before_the_sync_is_found()
    {
        var rules = new BrokenRules { AcknowledgeableBy = log => log.Appended };
        Finds("I1 I3", new SimOptions { Rules = rules, Faults = Unrest, Waived = "I7" });
    }

    [Fact]
    public void A_learner_taken_in_before_it_holds_what_earlier_primaries_acknowledged_is_found()
    {
        var rules = new BrokenRules { MayJoinBy = (durable, log, _) => durable >= log.Commit };
        Finds("I1 I3", new SimOptions { Rules = rules, Faults = Unrest });
    }

    [Fact]
    public void A_read_before_the_own_epoch_has_begun_is_found()
    {
        var rules = new BrokenRules { IsEstablishedBy = (_, _) => true };
        Finds("I5", new SimOptions { Rules = rules, Faults = Unrest });
    }

    [Fact]
    public void A_cut_to_the_watermark_is_found()
    {
        var rules = new BrokenRules
        {
            MatchBy = (log, hello) =>
            {
                var sound = ReplicationRules.Instance.Match(log, hello);
                return hello.Commit < sound.Match.Sequence && log.FirstStreamable == 1
                    ? new CatchUpPoint(CatchUpVerdict.Truncate, log.History.VersionOf(hello.Commit), "")
                    : sound;
            },
        };
        Finds("I1 I3", new SimOptions { Rules = rules, Faults = Unrest });
    }

    [Fact]
    public void A_promise_that_a_restart_forgets_is_found()
    {
        var rules = new BrokenRules { ForgetsPromises = true };
        var faults = new FaultPlan { Crash = 1, ControlCut = 0.7, Isolate = 0.3, Cut = 0.5, Heal = 0.15, Lease = 1 };
        Finds("I5", new SimOptions { Rules = rules, Faults = faults, RestartMicrosMax = 50_000, Nodes = 3 });
    }

    [Fact]
    public void A_wiped_disk_that_keeps_its_incarnation_is_found()
    {
        var options = new SimOptions
        {
            Faults = Unrest with { Wipe = 0.5 },
            Opened = start => start with { Record = start.Record with { Incarnation = 1 } },
        };
        Finds("I1 I3", options);
    }

    [Fact]
    public void A_read_after_the_end_of_the_lease_is_found()
    {
        var rules = new BrokenRules { LeaseLength = length => length * 20 };
        Finds("I5", new SimOptions { Rules = rules, Faults = new FaultPlan { Isolate = 0.3, Heal = 0.05 }, Nodes = 3 });
    }

    private void Finds(string expected, SimOptions options)
    {
        var seedsMax = Environment.GetEnvironmentVariable("KVS_SIM_BROKEN") is { Length: > 0 } text ? int.Parse(text, null) : 2000;
        for (var seed = 1; seed <= seedsMax; seed++)
        {
            try
            {
                SimRun.Run(seed, options with { HasControlPlane = true });
            }
            catch (SimulationException found)
            {
                output.WriteLine($"found by seed {seed}: {found.Failure.Message}");
                switch (found.Failure)
                {
                    case InvariantException broken when expected.Split(' ').Contains(broken.Invariant):
                    case KvsException { Code: ErrorCode.Internal }:
                        // An invariant of the run, or an assertion inside a node, which stops before it lies.
                        return;
                    default:
                        throw;
                }
            }
        }

        Assert.Fail($"{seedsMax} seeds found nothing wrong");
    }
}
