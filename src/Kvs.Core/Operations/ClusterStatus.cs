using Kvs.Core.Primitives;

namespace Kvs.Core.Operations;

/// <summary>What the node that was asked knows of its cluster. Texts that do not apply are empty.</summary>
public sealed record ClusterStatus
{
    /// <summary>Name of the cluster, or its id where it has no name.</summary>
    public string Cluster { get; init; } = "";

    /// <summary>Who decides on the primary: <c>static</c> (a fixed list, and people) or <c>etcd</c>.</summary>
    public string Mode { get; init; } = "";

    /// <summary>Number of the primary's reign.</summary>
    public ulong Epoch { get; init; }

    /// <summary>Id of the primary; empty when it is not known.</summary>
    public string Primary { get; init; } = "";

    /// <summary>When a write is acknowledged: <c>quorum</c>, <c>isr</c> or <c>local</c>.</summary>
    public string Acks { get; init; } = "";

    /// <summary>The newest position that no failover can lose.</summary>
    public KvsVersion Committed { get; init; }

    /// <summary>Whether the primary may answer linearizable reads by itself.</summary>
    public string Lease { get; init; } = "";

    /// <summary>Whether the control plane is reached, where there is one.</summary>
    public string ControlPlane { get; init; } = "";

    /// <summary>Why no writes are taken; null when they are.</summary>
    public string? ReadOnlyReason { get; init; }

    /// <summary>What a person should do; null when nothing.</summary>
    public string? Advice { get; init; }

    /// <summary>The nodes, in the order of the list.</summary>
    public IReadOnlyList<ClusterNode> Nodes { get; init; } = [];
}

/// <summary>One node of a cluster, as another one sees it.</summary>
public sealed record ClusterNode
{
    /// <summary>Its id.</summary>
    public string NodeId { get; init; } = "";

    /// <summary>Where clients reach it.</summary>
    public string Address { get; init; } = "";

    /// <summary>What it does.</summary>
    public NodeRole Role { get; init; }

    /// <summary>How it does, in a word or a few: up, down, catching up, diverged.</summary>
    public string State { get; init; } = "";

    /// <summary>Whether it counts for acknowledgements.</summary>
    public bool InSync { get; init; }

    /// <summary>The newest position that is on its disk.</summary>
    public KvsVersion Durable { get; init; }

    /// <summary>The newest position that its readers see.</summary>
    public KvsVersion Applied { get; init; }

    /// <summary>Bytes of log that it does not have yet.</summary>
    public long LagBytes { get; init; }

    /// <summary>How long ago it had all that the primary had.</summary>
    public TimeSpan Lag { get; init; }
}
