namespace Kvs.Core.Operations;

/// <summary>What happened to a key. Numbers are part of the protocol.</summary>
public enum ChangeKind
{
    /// <summary>It has a new value, or the same one with another expiry.</summary>
    Set = 1,

    /// <summary>It was removed.</summary>
    Removed = 2,

    /// <summary>Its time was over.</summary>
    Expired = 3,

    /// <summary>Nothing: only the position is told, for whoever asked for <see cref="WatchOptions.Progress"/>.</summary>
    Progress = 4,
}

/// <summary>One change of a key, as a watch tells it.</summary>
public sealed record KvsChange
{
    /// <summary>What happened.</summary>
    public required ChangeKind Kind { get; init; }

    /// <summary>The key.</summary>
    public KvsKey Key { get; init; }

    /// <summary>Its new value; empty when it has none, or when only keys were asked for.</summary>
    public KvsValue Value { get; init; }

    /// <summary>When it expires (UTC), or null when it does not, or is gone.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>What the new value is, as it was set; null for nothing, and where the value is not told.</summary>
    public string? ContentType { get; init; }

    /// <summary>
    /// The place behind the change: a watch that begins there misses nothing and repeats nothing. Its version is that of
    /// the write that made the change; all changes of one batch share it.
    /// </summary>
    public required WatchPosition Position { get; init; }
}
