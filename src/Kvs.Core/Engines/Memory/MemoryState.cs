using System.Buffers;
using System.Collections.Immutable;
using Kvs.Core.Primitives;

namespace Kvs.Core.Engines.Memory;

/// <summary>
/// The working state of the memory engine: what the next published root will hold. Threading: guarded by the engine's
/// lock.
/// </summary>
/// <param name="valueBytesMax">Longest value that is taken.</param>
internal sealed class MemoryState(int valueBytesMax) : IBatchState
{
    /// <summary>Memory of an entry beside its key and value: three objects, and its node in the tree.</summary>
    private const int EntryBytes = 192;

    private readonly ImmutableSortedSet<MemoryEntry>.Builder _entries = ImmutableSortedSet.CreateBuilder(MemoryEntry.ByKey);
    private readonly SortedSet<MemoryEntry> _expiring = new(MemoryEntry.ByExpiry);
    private readonly List<(MemoryEntry? Before, MemoryEntry? After)> _undo = [];
    private KvsVersion _batchVersion;
    private long _liveBytes;
    private long _batchBytes;

    /// <inheritdoc/>
    public long LogTimeMillis { get; private set; }

    /// <inheritdoc/>
    public bool IsTooLarge => _batchBytes > Limits.BatchRecordBytesMax;

    /// <inheritdoc/>
    public int ValueBytesMax => valueBytesMax;

    /// <summary>Earliest expiry of all entries, or 0 when none expires.</summary>
    internal long EarliestExpiryMillis => _expiring.Min?.Info.ExpiresAtMillis ?? 0;

    /// <summary>Memory that the entries take, about.</summary>
    internal long MemoryBytes => _liveBytes + ((long)_entries.Count * EntryBytes);

    /// <summary>Begins a batch.</summary>
    /// <param name="version">The version that it makes if it changes something.</param>
    internal void BeginBatch(KvsVersion version)
    {
        _undo.Clear();
        _batchVersion = version;
        _batchBytes = 0;
    }

    /// <summary>Moves the log time on and removes what has expired by then.</summary>
    /// <param name="logTimeMillis">The new log time, not before the last.</param>
    /// <returns>How many entries were removed.</returns>
    internal int AdvanceTo(long logTimeMillis)
    {
        Check.That(logTimeMillis >= LogTimeMillis);
        LogTimeMillis = logTimeMillis;
        var removed = 0;
        while (_expiring.Min is { } entry && entry.Info.ExpiresAtMillis <= logTimeMillis)
        {
            Replace(entry, null);
            removed++;
        }

        return removed;
    }

    /// <summary>The state as an immutable root. Cheap: unchanged parts are shared.</summary>
    /// <param name="version">Newest version that it includes.</param>
    internal MemoryRoot Freeze(KvsVersion version) => new(_entries.ToImmutable(), version, LogTimeMillis, _liveBytes);

    /// <inheritdoc/>
    public bool TryFind(ReadOnlySpan<byte> key, out EntryInfo info)
    {
        var entry = Find(key);
        info = entry?.Info ?? default;
        return entry is not null;
    }

    /// <inheritdoc/>
    public string? CopyValue(ReadOnlySpan<byte> key, IBufferWriter<byte> target)
    {
        var entry = Existing(key);
        target.Write(entry.Value);
        return entry.ContentType;
    }

    /// <inheritdoc/>
    public void Set(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long expiresAtMillis, string? contentType)
    {
        _batchBytes += key.Length + value.Length;
        var info = new EntryInfo(_batchVersion, expiresAtMillis, value.Length);
        Change(Find(key), new MemoryEntry(key.ToArray(), value.ToArray(), info, contentType));
    }

    /// <inheritdoc/>
    public void SetExpiry(ReadOnlySpan<byte> key, long expiresAtMillis)
    {
        var before = Existing(key);
        Change(before, before.With(_batchVersion, expiresAtMillis));
    }

    /// <inheritdoc/>
    public void Remove(ReadOnlySpan<byte> key) => Change(Existing(key), null);

    /// <inheritdoc/>
    public void RollBack()
    {
        for (var i = _undo.Count - 1; i >= 0; i--)
        {
            Replace(_undo[i].After, _undo[i].Before);
        }

        _undo.Clear();
    }

    private MemoryEntry? Find(ReadOnlySpan<byte> key) =>
        _entries.TryGetValue(MemoryEntry.Probe(key), out var entry) ? entry : null;

    private MemoryEntry Existing(ReadOnlySpan<byte> key)
    {
        var entry = Find(key);
        Check.That(entry is not null);
        return entry;
    }

    private void Change(MemoryEntry? before, MemoryEntry? after)
    {
        _undo.Add((before, after));
        Replace(before, after);
    }

    private void Replace(MemoryEntry? before, MemoryEntry? after)
    {
        if (before is not null)
        {
            Check.That(_entries.Remove(before));
            Check.That(before.Info.ExpiresAtMillis == 0 || _expiring.Remove(before));
            _liveBytes -= before.Bytes;
        }

        if (after is not null)
        {
            Check.That(_entries.Add(after));
            Check.That(after.Info.ExpiresAtMillis == 0 || _expiring.Add(after));
            _liveBytes += after.Bytes;
        }
    }
}
