namespace Kvs.Core.Operations;

/// <summary>What a node does in its cluster. Numbers are part of the protocol.</summary>
public enum NodeRole
{
    /// <summary>A server of its own, without a cluster.</summary>
    Standalone = 0,

    /// <summary>The node that orders writes.</summary>
    Primary = 1,

    /// <summary>A node that follows the primary and counts for its acknowledgements.</summary>
    Replica = 2,

    /// <summary>A node that catches up and does not count yet.</summary>
    Learner = 3,
}

/// <summary>What a server says of itself.</summary>
public sealed record ServerInfo
{
    /// <summary>Name of the product.</summary>
    public required string Name { get; init; }

    /// <summary>Version of the product.</summary>
    public required string Version { get; init; }

    /// <summary>Id of the node.</summary>
    public string NodeId { get; init; } = "";

    /// <summary>What the node does in its cluster.</summary>
    public NodeRole Role { get; init; }

    /// <summary>Number of the primary's reign; the epoch of its versions.</summary>
    public ulong Epoch { get; init; }

    /// <summary>Name of the engine: kvs, sqlite or memory.</summary>
    public string Engine { get; init; } = "";

    /// <summary>The durability of writes: always, interval:ms or os.</summary>
    public string Durability { get; init; } = "";

    /// <summary>How long the server has been running.</summary>
    public TimeSpan Uptime { get; init; }

    /// <summary>Connections that are open now.</summary>
    public int Connections { get; init; }

    /// <summary>The doors that are open, each with its port, as in <c>tcp:4000 http:8080</c>; empty from servers that do not say.</summary>
    public string Doors { get; init; } = "";
}
