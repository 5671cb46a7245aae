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
    private const int SeedsMax = 2000;
    private const int SlowShipMicros = 1_000_000;

    private static readonly FaultPlan Unrest = new()
    {
        Crash = 0.3,
        Pause = 0.3,
        Cut = 0.4,
        Heal = 0.2,
        Break = 0.5,
        Meddle = 0.3,
    };

    [Fact]
    public void A_commit_before_the_own_epoch_has_begun_on_a_majority_is_found()
    {
        var rules = new BrokenRules { CommittedBy = (acknowledged, _) => acknowledged };
        var faults = Unrest with { Crash = 1, Cut = 1, Heal = 1, Break = 2, Meddle = 1, Slow = 1 };
        Finds("I1 I3", new SimOptions { Nodes = 3, Rules = rules, Faults = faults, ShippedAtOnceMax = 1, ShipMicrosMax = 1_500_000 });
    }

    [Fact]
    public void A_read_after_the_end_of_the_lease_is_found()
    {
        var rules = new BrokenRules { LeaseLength = length => length * 20 };
        Finds("I5", new SimOptions { Rules = rules, Faults = Unrest });
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
        Finds("I1 I3", new SimOptions { Rules = rules, Faults = Unrest });
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
        Finds("I1 I3 I4", new SimOptions { Nodes = 3, Rules = rules, Faults = Unrest with { Wipe = 0.8, Meddle = 1 }, Steps = 2000 }, first: 1500);
    }

    // A rare schedule is looked for near where it was found: what is shown is that there is one.
    private void Finds(string expected, SimOptions options, int first = 1)
    {
        for (var seed = first; seed < first + SeedsMax; seed++)
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
                        // An invariant of the run, or an assertion inside a node, which stops before it lies.
                        return;
                    case InvariantException { Invariant: "progress" } when options.ShipMicrosMax > SlowShipMicros:
                        // The plan itself is so slow that a node may not have caught up in time: not what is looked for.
                        break;
                    default:
                        throw;
                }
            }
        }

        Assert.Fail($"{SeedsMax} seeds found nothing wrong");
    }
}
