using Kvs.Cluster.Tests.Simulation;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Replication.Rules;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Cluster.Tests;

/// <summary>
/// A simulator that never finds anything proves nothing: each test breaks one rule and expects the damage to be seen.
/// The fault plans are those that the rule is there for.
/// </summary>
/// <param name="output">For the figures.</param>
public sealed class BrokenStaticRulesTests(ITestOutputHelper output)
{
    private const int SeedsMax = 300;

    private static readonly FaultPlan Unrest = new()
    {
        Crash = 0.3,
        Pause = 0.3,
        Cut = 0.4,
        Heal = 0.2,
        Break = 0.5,
        Meddle = 0.3,
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
    public void A_commit_before_the_own_epoch_has_begun_on_a_majority_is_found()
    {
        var rules = new BrokenRules { CommittedBy = (acknowledged, _) => acknowledged };
        var faults = new FaultPlan { Part = 0.4, Meddle = 2 };
        Finds("I1 I3", Long with { Rules = rules, Faults = faults, ShippedAtOnceMax = 1, ShipMicrosMax = 800_000 });
    }

    [Fact]
    public void A_read_after_the_end_of_the_lease_is_found()
    {
        var rules = new BrokenRules { LeaseLength = length => length * 20 };
        Finds("I5", Long with { Rules = rules, Faults = new FaultPlan { Isolate = 0.2, Heal = 0.1, Meddle = 1 }, Clients = 4 });
    }

    [Fact]
    public void A_promise_that_a_restart_forgets_is_found()
    {
        var options = new SimOptions
        {
            Faults = Unrest with { Crash = 1 },
            Opened = start => start with
            {
                Record = start.Record with { PromisedEpoch = start.Last.Epoch, Candidate = "" },
            },
        };
        Finds("I1 I2 I3 I8", options);
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
        var faults = new FaultPlan { Crash = 1, PowerCut = 0.5, Pause = 0.3, Slow = 0.3, Heal = 0.3 };
        Finds("I1 I3", Long with { Rules = rules, Faults = faults, Clients = 4, PauseMicrosMax = 30_000 });
    }

    [Fact]
    public void A_primary_with_a_shorter_log_than_a_majority_holds_is_found()
    {
        var rules = new BrokenRules { IsAtLeastBy = (_, _) => true };
        Finds("I1 I3 I4", new SimOptions { Rules = rules, Faults = Unrest });
    }

    [Fact]
    public void A_seal_of_a_lower_epoch_is_found()
    {
        var rules = new BrokenRules { MaySealBy = (_, _, _) => true };
        Finds("I1 I2 I3 I8", new SimOptions { Rules = rules, Faults = Unrest });
    }

    [Fact]
    public void A_member_without_its_disk_that_counts_too_early_is_found()
    {
        var rules = new BrokenRules { TakesBackInAtOnce = true };
        var faults = new FaultPlan { Part = 0.3, WipePromised = 0.5 };
        Finds("I1 I3 I4 I8", Long with { Rules = rules, Faults = faults, PauseMicrosMax = 1_000_000 });
    }

    [Fact]
    public void A_member_that_counts_though_it_may_have_lost_what_it_acknowledged_is_found()
    {
        var rules = new BrokenRules { CountsWhateverIsLost = true };
        Finds("I1 I3 I4", new SimOptions { Rules = rules, Faults = Unrest, AnswersBeforeSync = true });
    }

    [Fact]
    public void A_member_that_counts_again_before_it_has_caught_up_is_found()
    {
        var rules = new BrokenRules { CountsBeforeItHasCaughtUp = true };
        var faults = new FaultPlan { Crash = 1, Cut = 0.5, Heal = 0.5, Meddle = 1 };
        Finds("I1 I3 I4", Long with { Rules = rules, Faults = faults, AnswersBeforeSync = true, ShippedAtOnceMax = 1, ShipMicrosMax = 800_000 });
    }

    [Fact]
    public void A_read_by_a_clock_beyond_the_bound_is_found() =>
        Finds("I5", Long with { ClocksRunWild = true, Faults = new FaultPlan { Isolate = 0.2, Heal = 0.1, Meddle = 1 }, Clients = 4 });

    private void Finds(string expected, SimOptions options)
    {
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
