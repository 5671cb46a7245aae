using Kvs.Core.Primitives;

namespace Kvs.Core.Replication;

/// <summary>
/// The times that the protocol rests on (replication.md section 11). <see cref="Validate"/> holds their relations:
/// a configuration that breaks one is refused at start.
/// </summary>
internal sealed record NodeTimings
{
    /// <summary>Between two beacons of a primary.</summary>
    internal TimeSpan Beacon { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How long an acknowledged beacon lets the primary answer reads, from its sending.</summary>
    internal TimeSpan Lease { get; init; } = TimeSpan.FromMilliseconds(1500);

    /// <summary>How long a beacon binds the follower, from its receipt.</summary>
    internal TimeSpan Promise { get; init; } = TimeSpan.FromMilliseconds(2000);

    /// <summary>A follower that was silent or behind for longer no longer counts as live.</summary>
    internal TimeSpan Lag { get; init; } = TimeSpan.FromMilliseconds(1000);

    /// <summary>How long the answers of other nodes are waited for before the question is put again.</summary>
    internal TimeSpan Ask { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>How long the nodes that may have everything have for a sign of life before a person gives up what only they have.</summary>
    internal TimeSpan AskLost { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long an operator's promotion tries.</summary>
    internal TimeSpan Promotion { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a transfer holds writes back before the old primary goes on.</summary>
    internal TimeSpan Transfer { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A connection on which nothing was heard for this long is closed.</summary>
    internal TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>First pause before dialling again; doubles up to <see cref="RedialMax"/>.</summary>
    internal TimeSpan RedialMin { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Longest pause before dialling again.</summary>
    internal TimeSpan RedialMax { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Between two readings of the group's record, when nothing else tells of it: a watch may miss a change.</summary>
    internal TimeSpan Poll { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A candidate waits this long for each node with a longer log.</summary>
    internal TimeSpan Defer { get; init; } = TimeSpan.FromMilliseconds(150);

    /// <summary>A primary that hears no follower for this long gives up its leader key, so that another may lead.</summary>
    internal TimeSpan Isolation { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>A primary that has not reached the control plane for this long hands over to a node that does.</summary>
    internal TimeSpan ControlPlaneLost { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Between two comparisons of the nodes' states.</summary>
    internal TimeSpan Digest { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Refuses times that do not fit together.</summary>
    /// <exception cref="KvsException">A relation does not hold.</exception>
    internal void Validate()
    {
        Require((Beacon * 4) < Lag + (Beacon * 2), "four beacons must be shorter than the lag timeout and two beacons");
        Require(Lag + (Beacon * 2) < Lease, "the lag timeout and two beacons must be shorter than the lease");

        // Clock rates of two machines may differ by a quarter before a promise could end under a lease.
        Require(Lease * 1.2 <= Promise, "the promise must be at least 1.2 times as long as the lease");

        // The primary drops a silent follower before that follower may help another node.
        Require(Lag < Promise, "the lag timeout must be shorter than the promise");
    }

    private static void Require(bool holds, string relation)
    {
        if (!holds)
        {
            throw new KvsException(
                ErrorCode.Configuration,
                $"The cluster's timings do not fit together: {relation}. Use the defaults, or change both.",
                WriteOutcome.NotApplied);
        }
    }
}
