using Kvs.Core.Primitives;

namespace Kvs.Core.Operations;

/// <summary>What must hold of a key for a write to be applied.</summary>
public enum ConditionKind
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The key is not there.</summary>
    Absent = 1,

    /// <summary>The key is there.</summary>
    Present = 2,

    /// <summary>The key is there and has exactly the given version (compare-and-set).</summary>
    Version = 3,
}

/// <summary>A condition on one key.</summary>
/// <param name="Kind">What must hold.</param>
/// <param name="Version">The version, for <see cref="ConditionKind.Version"/>.</param>
public readonly record struct KvsCondition(ConditionKind Kind, KvsVersion Version = default)
{
    /// <summary>The key is not there.</summary>
    public static KvsCondition Absent => new(ConditionKind.Absent);

    /// <summary>The key is there.</summary>
    public static KvsCondition Present => new(ConditionKind.Present);

    /// <summary>The key has exactly this version.</summary>
    /// <param name="version">The version.</param>
    /// <returns>The condition.</returns>
    public static KvsCondition IfVersion(KvsVersion version) => new(ConditionKind.Version, version);
}

/// <summary>How durable a write is when it is acknowledged.</summary>
public enum Durability
{
    /// <summary>As the store is configured.</summary>
    Default = 0,

    /// <summary>In the operating system's cache: survives the death of the process, not of the machine.</summary>
    Os = 1,

    /// <summary>As <see cref="Os"/>, and synced on a clock: a power cut loses at most the last interval.</summary>
    Interval = 2,

    /// <summary>On stable storage before it is acknowledged.</summary>
    Always = 3,
}

/// <summary>Options of a set.</summary>
public sealed record SetOptions
{
    /// <summary>Time after which the key is gone; null for never. A set without it clears an older expiry.</summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>Absolute time (UTC) at which the key is gone; null for never. Not together with <see cref="TimeToLive"/>.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Keeps the expiry that the key has.</summary>
    public bool KeepTimeToLive { get; init; }

    /// <summary>
    /// What the value is, such as <c>application/json</c>: 1 to 255 characters of printable ASCII; null for nothing. A set without it
    /// clears an older one; operations that change a part of the value, or its expiry, keep it.
    /// </summary>
    public string? ContentType { get; init; }

    /// <summary>What must hold for the write to be applied.</summary>
    public KvsCondition Condition { get; init; }

    /// <summary>Whether the result carries the previous value.</summary>
    public bool ReturnPrevious { get; init; }

    /// <summary>A stronger durability for this write; a weaker one than the store's has no effect.</summary>
    public Durability Durability { get; init; }
}

/// <summary>Options of a remove.</summary>
public sealed record RemoveOptions
{
    /// <summary>What must hold for the write to be applied.</summary>
    public KvsCondition Condition { get; init; }

    /// <summary>Whether the result carries the previous value.</summary>
    public bool ReturnPrevious { get; init; }

    /// <summary>A stronger durability for this write; a weaker one than the store's has no effect.</summary>
    public Durability Durability { get; init; }
}

/// <summary>The result of a set or remove.</summary>
/// <param name="Applied">Whether it was applied: false when its condition did not hold, or a removed key was missing.</param>
/// <param name="Version">The version that the write made; when not applied, the version that the key has (none: missing).</param>
/// <param name="Existed">Whether the key was there before.</param>
/// <param name="Previous">The previous value, where asked for and there.</param>
public sealed record WriteResult(bool Applied, KvsVersion Version, bool Existed, KvsValue? Previous);
