using System.Buffers;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Engines.Facade;

/// <summary>The reads of the API over one engine snapshot, as plain functions: a store and a snapshot of it share them.</summary>
internal static class SnapshotReader
{
    /// <summary>Reads several keys.</summary>
    /// <param name="snapshot">What is read.</param>
    /// <param name="keys">The keys.</param>
    /// <returns>An entry, or null, for each key, in their order.</returns>
    internal static IReadOnlyList<KvsEntry?> GetMany(IEngineSnapshot snapshot, IReadOnlyList<KvsKey> keys)
    {
        var entries = new KvsEntry?[keys.Count];
        var value = new ArrayBufferWriter<byte>();
        for (var i = 0; i < entries.Length; i++)
        {
            value.ResetWrittenCount();
            entries[i] = snapshot.TryGet(keys[i].Bytes.Span, value, out var info) ? Own(keys[i], value, info) : null;
        }

        return entries;
    }

    /// <summary>Reads a key.</summary>
    /// <param name="snapshot">What is read.</param>
    /// <param name="key">The key.</param>
    /// <returns>The entry, or null when the key is missing.</returns>
    internal static KvsEntry? Get(IEngineSnapshot snapshot, KvsKey key)
    {
        var value = new ArrayBufferWriter<byte>();
        return snapshot.TryGet(key.Bytes.Span, value, out var info) ? Own(key, value, info) : null;
    }

    /// <summary>How long a key has to live, by the log time of the snapshot.</summary>
    /// <param name="snapshot">What is read.</param>
    /// <param name="key">The key.</param>
    /// <returns>The remaining time.</returns>
    internal static TimeToLiveResult TimeToLive(IEngineSnapshot snapshot, KvsKey key) =>
        snapshot.TryGet(key.Bytes.Span, null, out var info) ? Entries.RemainingOf(info, snapshot.LogTimeMillis) : default;

    /// <summary>Reads a page of a scan.</summary>
    /// <param name="snapshot">What is read.</param>
    /// <param name="options">Checked by <see cref="EntryWalk.ValidatePage"/>; limits that it does not name are the default ones.</param>
    /// <returns>The page. Its cursor is its last key: that needs no server object, and survives restarts.</returns>
    internal static ScanPage ReadPage(IEngineSnapshot snapshot, ScanOptions options)
    {
        var bounded = options with
        {
            Limit = options.Limit ?? Limits.ScanPageEntries,
            LimitBytes = options.LimitBytes ?? Limits.ScanPageBytes,
        };
        using var walk = new EntryWalk(snapshot, bounded);
        var entries = new List<KvsEntry>();
        while (walk.TryRead(out var entry))
        {
            entries.Add(entry);
        }

        // Not "? : null": null would become empty memory, which is the cursor behind the empty key.
        ReadOnlyMemory<byte>? cursor = null;
        if (walk.HasMore())
        {
            cursor = entries[^1].Key.Bytes;
        }

        return new ScanPage(entries, cursor, snapshot.Version);
    }

    /// <summary>An entry with bytes of its own: the caller may change those of the key that it asked for.</summary>
    /// <param name="key">The caller's key.</param>
    /// <param name="value">The value that was read.</param>
    /// <param name="info">What the engine knows.</param>
    /// <returns>The entry.</returns>
    internal static KvsEntry Own(KvsKey key, ArrayBufferWriter<byte> value, in EntryInfo info) =>
        Entries.Make(key.Bytes.ToArray(), value.WrittenSpan.ToArray(), info);
}
