using Kvs.Core.Replication;
using Kvs.Core.Replication.Rules;

namespace Kvs.Cluster.Tests.Simulation;

/// <summary>What a run is like. The defaults are drawn from the seed; a test of a broken rule sets some.</summary>
internal sealed record SimOptions
{
    /// <summary>Nodes of the list; null for drawn.</summary>
    internal int? Nodes { get; init; }

    /// <summary>Whether the group's record lies in a control plane; else the list is static.</summary>
    internal bool HasControlPlane { get; init; }

    /// <summary>Whether nodes acknowledge before they sync, so that a crash loses what they have acknowledged.</summary>
    internal bool AnswersBeforeSync { get; init; }

    /// <summary>With a control plane: least size of the in-sync set; null for drawn.</summary>
    internal int? MinInSync { get; init; }

    /// <summary>Clients.</summary>
    internal int Clients { get; init; } = 4;

    /// <summary>
    /// Longest pause between two requests of a client; null for drawn. Steps are counted, not seconds: the longer the
    /// pauses, the more faults fall into a run.
    /// </summary>
    internal int? PauseMicrosMax { get; init; }

    /// <summary>Longest time that a client waits for an answer.</summary>
    internal TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(12);

    /// <summary>Steps of nodes, ticks not counted, before the faults end.</summary>
    internal int Steps { get; init; } = 1000;

    /// <summary>The rules of all nodes.</summary>
    internal IReplicationRules Rules { get; init; } = ReplicationRules.Instance;

    /// <summary>What an opening finds, as the node is told; a test makes it forget something.</summary>
    internal Func<NodeStart, NodeStart> Opened { get; init; } = start => start;

    /// <summary>The settings of a node; a story changes some.</summary>
    internal Func<NodeSettings, NodeSettings> Settings { get; init; } = settings => settings;

    /// <summary>Most batches in one message.</summary>
    internal int ShippedAtOnceMax { get; init; } = 7;

    /// <summary>Longest time until the driver has read what it shall ship.</summary>
    internal int ShipMicrosMax { get; init; } = 300;

    /// <summary>Longest time between a read's snapshot and its check of the lease.</summary>
    internal int ReadCheckMicrosMax { get; init; } = 2000;

    /// <summary>Longest time until a crashed node starts again.</summary>
    internal int RestartMicrosMax { get; init; } = 3_000_000;

    /// <summary>Invariants that are not asked for, so that a run shows what comes of breaking them.</summary>
    internal string Waived { get; init; } = "";

    /// <summary>How often each fault happens; null for drawn.</summary>
    internal FaultPlan? Faults { get; init; }

    /// <summary>Takes all events as text; null for none.</summary>
    internal TextWriter? Trace { get; init; }

    /// <summary>
    /// Whether clocks run at rates that the timings do not allow for; then a read may be old (I5), and all else must hold.
    /// </summary>
    internal bool ClocksRunWild { get; init; }
}

/// <summary>How often in a second of the run each fault happens.</summary>
internal sealed record FaultPlan
{
    /// <summary>A node crashes; it starts again later.</summary>
    internal double Crash { get; init; }

    /// <summary>A node is stopped in an orderly way; it starts again later.</summary>
    internal double Stop { get; init; }

    /// <summary>A node stands still for a while.</summary>
    internal double Pause { get; init; }

    /// <summary>A direction between two nodes is cut.</summary>
    internal double Cut { get; init; }

    /// <summary>The nodes fall into two parts, and what was cut before is whole again at that moment.</summary>
    internal double Part { get; init; }

    /// <summary>All cuts heal.</summary>
    internal double Heal { get; init; }

    /// <summary>A connection breaks.</summary>
    internal double Break { get; init; }

    /// <summary>A node's disk is lost.</summary>
    internal double Wipe { get; init; }

    /// <summary>Chance that a node that promises an epoch loses its disk soon after.</summary>
    internal double WipePromised { get; init; }

    /// <summary>A disk is full for a while.</summary>
    internal double Full { get; init; }

    /// <summary>A disk gets slow, or fast again.</summary>
    internal double Slow { get; init; }

    /// <summary>A wall clock is stepped, or a machine suspended.</summary>
    internal double Clock { get; init; }

    /// <summary>Old history is dropped.</summary>
    internal double Drop { get; init; }

    /// <summary>A message of an older epoch comes again.</summary>
    internal double Replay { get; init; }

    /// <summary>An operator promotes or transfers without need.</summary>
    internal double Meddle { get; init; }

    /// <summary>A node is cut off from the control plane, one way or both.</summary>
    internal double ControlCut { get; init; }

    /// <summary>A node is cut off from all nodes and from the control plane; clients reach it all the same.</summary>
    internal double Isolate { get; init; }

    /// <summary>The control plane is away as a whole for a while.</summary>
    internal double ControlDown { get; init; }

    /// <summary>A lease in the control plane ends early, or all begin again.</summary>
    internal double Lease { get; init; }

    /// <summary>All machines lose power at once.</summary>
    internal double PowerCut { get; init; }

    /// <summary>Chance that a call to the control plane takes up to seconds; as often an answer is lost.</summary>
    internal double ControlSlow { get; init; }

    /// <summary>Chance that a message is delivered twice.</summary>
    internal double Duplicate { get; init; }

    /// <summary>A plan by a seed: some runs are calm in one respect and wild in another.</summary>
    /// <param name="random">The randomness.</param>
    internal static FaultPlan Draw(Random random)
    {
        double Rate(double most) => random.Next(3) == 0 ? 0 : most * random.NextDouble();
        return new FaultPlan
        {
            Crash = Rate(0.4),
            Pause = Rate(0.4),
            Cut = Rate(0.5),
            Heal = 0.15 + Rate(0.5),
            Break = Rate(1.5),
            Wipe = Rate(0.2),
            Full = Rate(0.3),
            Slow = Rate(0.3),
            Clock = Rate(0.4),
            Isolate = Rate(0.2),
            Part = Rate(0.2),
            PowerCut = Rate(0.1),
            WipePromised = Rate(0.1),
            Drop = Rate(0.6),
            Replay = Rate(1.5),
            Meddle = Rate(0.4),
            Duplicate = Rate(0.01),
            Stop = Rate(0.4),
        };
    }

    /// <summary>The same, with the faults of a control plane.</summary>
    /// <param name="random">The randomness.</param>
    internal static FaultPlan DrawElected(Random random)
    {
        double Rate(double most) => random.Next(3) == 0 ? 0 : most * random.NextDouble();
        return Draw(random) with
        {
            ControlCut = Rate(0.3),
            ControlDown = Rate(0.1),
            Lease = Rate(0.3),
            ControlSlow = Rate(0.2),
        };
    }
}
