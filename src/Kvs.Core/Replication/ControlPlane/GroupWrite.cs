namespace Kvs.Core.Replication.ControlPlane;

/// <summary>
/// One transaction of the control plane: when both comparisons hold, everything in it is done, else nothing.
/// </summary>
internal sealed record GroupWrite
{
    /// <summary>The revision that the record must have; 0 for that there is none.</summary>
    internal required long StateRevision { get; init; }

    /// <summary>The revision that the leader key must have, 0 for that there is none; null for any.</summary>
    internal long? LeaderRevision { get; init; }

    /// <summary>The new record; null to leave it as it is.</summary>
    internal GroupState? State { get; init; }

    /// <summary>The new leader key, to end with the lease that it names; null to leave it as it is.</summary>
    internal LeaderKey? Leader { get; init; }

    /// <summary>Whether the leader key is removed.</summary>
    internal bool EndsLeader { get; init; }
}

/// <summary>What is known of a write to the control plane.</summary>
internal enum CallOutcome
{
    /// <summary>It is done.</summary>
    Done,

    /// <summary>It is not done, and never will be.</summary>
    Refused,

    /// <summary>It may be done, or may yet be.</summary>
    Unknown,
}
