namespace Kvs.Core.Replication;

/// <summary>What a node is at the moment, for its driver and for people.</summary>
internal enum NodeRole
{
    /// <summary>Waits for a primary.</summary>
    Joining,

    /// <summary>Follows a primary, and does not count yet.</summary>
    Learner,

    /// <summary>Follows a primary, and counts.</summary>
    Follower,

    /// <summary>Asks the others to let it lead.</summary>
    Candidate,

    /// <summary>Leads an epoch whose start is not committed: takes writes, answers none, serves no linearizable read.</summary>
    Recovering,

    /// <summary>Leads.</summary>
    Primary,

    /// <summary>It was let go by an operator, and takes no part until it is started again.</summary>
    Left,

    /// <summary>Its data was found not to be the group's. Serves nothing, keeps its files.</summary>
    Diverged,

    /// <summary>Its log failed; the process ends.</summary>
    Failed,
}
