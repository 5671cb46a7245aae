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
    private const int SeedsMax = 300;

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

    // What only shows when one primary after the other decides something needs time for both, and clients that wait for
    // neither.
    private static readonly SimOptions Long = new()
    {
        Nodes = 3,
        Steps = 3000,
        Clients = 2,
        PauseMicrosMax = 300_000,
        Patience = TimeSpan.FromMilliseconds(500),
    };

    [Fact]
    public void An_acknowledgement_before_the_set_has_shrunk_is_found()
    {
        var rules = new BrokenRules
        {
            MustAcknowledgeBy = (state, asked) => [.. state.InSync.Where(member => asked.All(each => each.InSync.Contains(member)))],
        };
        var faults = new FaultPlan { ControlSlow = 0.5, ControlCut = 0.3, Isolate = 0.2, Crash = 0.3, Heal = 0.2 };
        Finds("I1 I3 I5", Long with { Rules = rules, Faults = faults, Waived = "I6" });
    }

    [Fact]
    public void A_learner_in_sync_that_is_not_waited_for_is_found()
    {
        var rules = new BrokenRules { MustAcknowledgeBy = (state, _) => state.InSync };
        var faults = new FaultPlan { ControlSlow = 0.5, ControlCut = 0.3, Crash = 0.8, Pause = 0.5, Break = 1, Heal = 0.3 };
        Finds("I1 I3 I5", Long with { Rules = rules, Faults = faults, Waived = "I6" });
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
        var faults = new FaultPlan { Slow = 2, PowerCut = 0.5, Heal = 0.3 };
        Finds("I1 I3", new SimOptions { Rules = rules, Faults = faults, Waived = "I7", RestartMicrosMax = 8_000_000 });
    }

    [Fact]
    public void A_learner_taken_in_before_it_holds_what_earlier_primaries_acknowledged_is_found()
    {
        var rules = new BrokenRules { MayJoinBy = (durable, log, _) => durable >= log.Commit };
        Finds("I1 I3", new SimOptions
        {
            Rules = rules,
            Faults = new FaultPlan { Crash = 1, Lease = 1, Wipe = 0.5, Slow = 1, Heal = 0.7 },
            Nodes = 3,
            MinInSync = 2,
            Clients = 8,
            ShippedAtOnceMax = 1,
            ShipMicrosMax = 600_000,
        });
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
        var faults = new FaultPlan { Crash = 1, PowerCut = 0.3, Pause = 0.5, Slow = 0.3, Heal = 0.3 };
        Finds("I1 I3", Long with { Rules = rules, Faults = faults, Clients = 4, PauseMicrosMax = 30_000 });
    }

    [Fact]
    public void A_promise_that_a_restart_forgets_is_found()
    {
        var rules = new BrokenRules { ForgetsPromises = true };
        var faults = new FaultPlan { Crash = 1, Isolate = 0.3, Lease = 2, Heal = 0.2 };
        Finds("I5", Long with { Rules = rules, Faults = faults, RestartMicrosMax = 30_000, Clients = 8, PauseMicrosMax = 100_000 });
    }

    [Fact]
    public void A_wiped_disk_that_keeps_its_incarnation_is_found()
    {
        var options = new SimOptions
        {
            Faults = Unrest with { Wipe = 0.5 },
            Opened = start => start with { Record = start.Record with { Incarnation = 1 } },
        };
        Finds("I1 I2 I3", options);
    }

    [Fact]
    public void A_read_after_the_end_of_the_lease_is_found()
    {
        var rules = new BrokenRules { LeaseLength = length => length * 20 };
        Finds("I5", new SimOptions { Rules = rules, Faults = new FaultPlan { Isolate = 0.3, Heal = 0.05 }, Nodes = 3 });
    }

    [Fact]
    public void A_read_by_a_clock_beyond_the_bound_is_found() =>
        Finds("I5", Long with { ClocksRunWild = true, Faults = new FaultPlan { Isolate = 0.3, Heal = 0.1 }, Clients = 4 });

    private void Finds(string expected, SimOptions options)
    {
        options = options with { HasControlPlane = true };
        for (var seed = 1; seed <= SeedsMax; seed++)
        {
            try
            {
                SimRun.Run(seed, options);
            }
            catch (SimulationException found)
            {
                output.WriteLine($"found by seed {seed}: {found.Failure.Message}");
                switch (found.Failure)
                {
                    case InvariantException broken when expected.Split(' ').Contains(broken.Invariant):
                    case KvsException { Code: ErrorCode.Internal }:
                        // An invariant of the run, or an assertion inside a node, which stops before it lies. With the rule
                        // as it is the same run holds.
                        SimRun.Run(seed, options with { Rules = ReplicationRules.Instance, Opened = start => start, ClocksRunWild = false });
                        return;
                    default:
                        throw;
                }
            }
        }

        Assert.Fail($"{SeedsMax} seeds found nothing wrong");
    }
}
