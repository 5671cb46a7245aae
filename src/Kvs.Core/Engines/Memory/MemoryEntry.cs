using Kvs.Core.Primitives;

namespace Kvs.Core.Engines.Memory;

/// <summary>A key with its value in memory. Immutable, so snapshots share it. Ownership: its arrays are its own.</summary>
/// <param name="key">The key.</param>
/// <param name="value">The value.</param>
/// <param name="info">Version, expiry and length.</param>
/// <param name="contentType">Content type; null for none.</param>
internal sealed class MemoryEntry(byte[] key, byte[] value, EntryInfo info, string? contentType = null)
{
    /// <summary>Orders by key, as unsigned bytes.</summary>
    internal static IComparer<MemoryEntry> ByKey { get; } =
        Comparer<MemoryEntry>.Create(static (left, right) => left.Key.AsSpan().SequenceCompareTo(right.Key));

    /// <summary>Orders by expiry, then by key.</summary>
    internal static IComparer<MemoryEntry> ByExpiry { get; } = Comparer<MemoryEntry>.Create(static (left, right) =>
    {
        var byTime = left.Info.ExpiresAtMillis.CompareTo(right.Info.ExpiresAtMillis);
        return byTime != 0 ? byTime : ByKey.Compare(left, right);
    });

    /// <summary>The key.</summary>
    internal byte[] Key { get; } = key;

    /// <summary>The value.</summary>
    internal byte[] Value { get; } = value;

    /// <summary>Version, expiry and length.</summary>
    internal EntryInfo Info { get; } = info;

    /// <summary>Content type of the value; null for none.</summary>
    internal string? ContentType { get; } = contentType;

    /// <summary>Bytes of key and value.</summary>
    internal long Bytes => Key.Length + Value.Length;

    /// <summary>What a search compares with.</summary>
    /// <param name="key">The key that is looked for.</param>
    internal static MemoryEntry Probe(ReadOnlySpan<byte> key) => new(key.ToArray(), [], default);

    /// <summary>The same key and value with its content type as another write made it.</summary>
    /// <param name="version">The version of that write.</param>
    /// <param name="expiresAtMillis">Its expiry.</param>
    internal MemoryEntry With(KvsVersion version, long expiresAtMillis) =>
        new(Key, Value, new EntryInfo(version, expiresAtMillis, Value.Length), ContentType);
}
