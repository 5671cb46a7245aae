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

/// <summary>A request that took longer than the server was told to find worth noting.</summary>
public sealed record SlowRequest
{
    /// <summary>Its number: they ascend by one from 1 as long as the server runs.</summary>
    public long Id { get; init; }

    /// <summary>When it was answered, UTC.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Time from the hand-over to the engine to its answer.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>What it was: set, get, batch, scan and so on; of a pipelined burst, the first of its requests.</summary>
    public string Operation { get; init; } = "";

    /// <summary>Its result: ok, missing, or the error.</summary>
    public string Result { get; init; } = "";

    /// <summary>The first 64 bytes of its key; what is no printable ASCII as \xNN, a backslash twice. Empty for none.</summary>
    public string Key { get; init; } = "";

    /// <summary>Bytes of the whole key.</summary>
    public long KeyBytes { get; init; }

    /// <summary>Bytes of keys and values that it brought; of a burst, of all its requests. 0 where nobody counts them.</summary>
    public long Bytes { get; init; }

    /// <summary>Requests that took the same time because they were one burst.</summary>
    public long Requests { get; init; } = 1;

    /// <summary>Name of the door that it came by; empty when that is not known.</summary>
    public string Door { get; init; } = "";

    /// <summary>Address of the client; empty when that is not known.</summary>
    public string Client { get; init; } = "";
}
