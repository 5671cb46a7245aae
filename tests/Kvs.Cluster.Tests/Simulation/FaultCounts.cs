namespace Kvs.Cluster.Tests.Simulation;

/// <summary>What has gone wrong in runs, and how often: a fault that never happens proves nothing.</summary>
internal sealed class FaultCounts
{
    private readonly int[] _counts = new int[Enum.GetValues<Fault>().Length];

    /// <summary>One more has happened.</summary>
    /// <param name="fault">Which.</param>
    internal void Add(Fault fault) => _counts[(int)fault]++;

    /// <summary>How often it has happened.</summary>
    /// <param name="fault">Which.</param>
    internal int Of(Fault fault) => _counts[(int)fault];

    /// <summary>Adds those of a run.</summary>
    /// <param name="run">The run's.</param>
    internal void Add(FaultCounts run)
    {
        for (var i = 0; i < _counts.Length; i++)
        {
            _counts[i] += run._counts[i];
        }
    }

    /// <summary>The faults that have not happened.</summary>
    /// <param name="last">The last fault that is asked for.</param>
    internal IEnumerable<Fault> Missing(Fault last) =>
        Enum.GetValues<Fault>().Where(fault => fault <= last && _counts[(int)fault] == 0);

    /// <inheritdoc/>
    public override string ToString() =>
        string.Join(", ", Enum.GetValues<Fault>().Select(fault => $"{fault} {_counts[(int)fault]}"));
}

/// <summary>What goes wrong, counted where it does harm.</summary>
internal enum Fault
{
    /// <summary>A process dies with its machine.</summary>
    Crash,

    /// <summary>A process is stopped in an orderly way.</summary>
    Stop,

    /// <summary>All die at once.</summary>
    PowerCut,

    /// <summary>A crash takes batches that were not synced.</summary>
    UnsyncedLost,

    /// <summary>A disk is lost.</summary>
    DiskLost,

    /// <summary>A disk has no room for a batch.</summary>
    DiskFull,

    /// <summary>A disk changes its pace, up to seconds for a sync.</summary>
    DiskSlow,

    /// <summary>Old history is dropped under those that may need it.</summary>
    HistoryDropped,

    /// <summary>A process stands still.</summary>
    Pause,

    /// <summary>A machine sleeps, and its monotonic clock with it.</summary>
    Suspension,

    /// <summary>A wall clock is set.</summary>
    ClockStep,

    /// <summary>A message is lost with its connection.</summary>
    MessageLost,

    /// <summary>A message waits for a cut to heal.</summary>
    MessageHeld,

    /// <summary>A message comes twice.</summary>
    MessageDuplicated,

    /// <summary>A message comes after one that was sent later, on another connection.</summary>
    MessageOvertaken,

    /// <summary>A message of an older epoch comes again.</summary>
    MessageOfOldEpoch,

    /// <summary>Two nodes are cut from each other.</summary>
    Cut,

    /// <summary>One node does not hear another that hears it.</summary>
    CutOneWay,

    /// <summary>A node is cut from everybody.</summary>
    Isolation,

    /// <summary>The nodes fall into two parts.</summary>
    Parting,

    /// <summary>With a control plane: a node is cut from it.</summary>
    ControlCut,

    /// <summary>With a control plane: it is away.</summary>
    ControlDown,

    /// <summary>With a control plane: a call is done after its caller has given up.</summary>
    ControlLate,

    /// <summary>With a control plane: an answer is lost.</summary>
    ControlAnswerLost,

    /// <summary>With a control plane: a lease ends early.</summary>
    LeaseEndedEarly,
}
