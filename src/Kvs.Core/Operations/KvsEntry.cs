using Kvs.Core.Primitives;

namespace Kvs.Core.Operations;

/// <summary>A key with its value, as one snapshot shows it.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value; empty when only keys were asked for.</param>
/// <param name="Version">The version: that of the write that made this value.</param>
/// <param name="ExpiresAt">When the key expires (UTC), or null when it does not.</param>
public sealed record KvsEntry(KvsKey Key, KvsValue Value, KvsVersion Version, DateTimeOffset? ExpiresAt)
{
    /// <summary>What the value is, as it was set; null for nothing, and when only keys were asked for.</summary>
    public string? ContentType { get; init; }
}
