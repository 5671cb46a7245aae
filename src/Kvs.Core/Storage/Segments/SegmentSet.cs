using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Records;

namespace Kvs.Core.Storage.Segments;

/// <summary>
/// The open segments by id, and verified reads from them.
/// Threading: reads from any thread, without a lock or an allocation; <see cref="Add"/> and <see cref="Remove"/> from
/// any thread, one at a time by a lock. Ownership: owns the segments that are in it.
/// Why reads are safe: a table is never changed after it was published by one volatile write, and a reader uses the one
/// table that it loaded. A reader can only ask for a segment that its root still names, under a pin or lease; the
/// engine
/// removes a segment only when no such root is left, so the segment that is found stays open during the read.
/// </summary>
/// <param name="memoryBytes">
/// Bytes of segments that are taken to be in memory; with more, whoever may not wait must ask before it reads.
/// </param>
/// <param name="damageMet">Hears of each damaged record before the reader does; on the reader's thread.</param>
internal sealed class SegmentSet(
    long memoryBytes = long.MaxValue, Action<KvsCorruptionException>? damageMet = null) : IDisposable
{
    private readonly Lock _gate = new();
    private Segment?[] _table = new Segment?[4]; // published: Volatile; each table immutable
    private int _count; // guarded by _gate
    private bool _outgrowsMemory; // published: Volatile

    /// <summary>Number of segments.</summary>
    internal int Count
    {
        get
        {
            lock (_gate)
            {
                return _count;
            }
        }
    }

    /// <summary>Looks a segment up.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="segment">The segment.</param>
    /// <returns>False when it is not open.</returns>
    internal bool TryFind(uint id, out Segment segment)
    {
        var table = Volatile.Read(ref _table);
        var mask = (uint)table.Length - 1;
        for (var slot = id & mask; table[slot] is { } candidate; slot = (slot + 1) & mask)
        {
            if (candidate.Id == id)
            {
                segment = candidate;
                return true;
            }
        }

        segment = null!;
        return false;
    }

    /// <summary>Takes a segment over.</summary>
    /// <param name="segment">Not in the set yet.</param>
    internal void Add(Segment segment)
    {
        Check.That(!TryFind(segment.Id, out _));
        lock (_gate)
        {
            _count++;
            Publish(removed: null, added: segment);
        }
    }

    /// <summary>Gives a segment up, for the caller to dispose when nothing reads from it.</summary>
    /// <param name="id">Its id.</param>
    /// <returns>The segment. Ownership: the caller's.</returns>
    internal Segment Remove(uint id)
    {
        lock (_gate)
        {
            Check.That(TryFind(id, out var segment));
            _count--;
            Publish(removed: segment, added: null);
            return segment;
        }
    }

    /// <summary>A record, with checksum and key verified.</summary>
    /// <param name="location">Where the index says it is.</param>
    /// <param name="key">The key that it must have.</param>
    /// <returns>The record; valid while the caller's pin or lease holds.</returns>
    /// <exception cref="KvsCorruptionException">It is damaged.</exception>
    internal RecordView ReadRecord(in RecordLocation location, ReadOnlySpan<byte> key)
    {
        Check.That(TryFind(location.SegmentId, out var segment));
        Check.That(location.Offset + (long)location.Length <= segment.Length);
        var bytes = segment.Bytes(location.Offset, (int)location.Length);
        if (!RecordCodec.TryRead(bytes, out var record)
            || record.Bytes.Length != bytes.Length
            || !record.IsIntact
            || !record.Key.SequenceEqual(key))
        {
            ThrowDamaged(segment.File.Path, location);
        }

        return record;
    }

    /// <summary>Copies a value, verified.</summary>
    /// <param name="location">Where the index says its record is.</param>
    /// <param name="key">The key that it must have.</param>
    /// <param name="target">Where the value is copied to; null when only its content type is wanted.</param>
    /// <returns>Its content type; null for none.</returns>
    /// <exception cref="KvsCorruptionException">The record is damaged.</exception>
    internal string? ReadValue(in RecordLocation location, ReadOnlySpan<byte> key, IBufferWriter<byte>? target)
    {
        var record = ReadRecord(location, key);
        target?.Write(record.Value);
        return record.ContentTypeText;
    }

    /// <summary>
    /// Whether reading a record may wait for a disk. While the segments are small enough to be in memory nobody is
    /// asked: that costs a system call, several times what the read itself costs.
    /// </summary>
    /// <param name="location">Where the index says the record is; under the caller's pin or lease.</param>
    internal bool MayWaitFor(in RecordLocation location)
    {
        if (!Volatile.Read(ref _outgrowsMemory))
        {
            return false;
        }

        Check.That(TryFind(location.SegmentId, out var segment));
        return !segment.IsInMemory(location.Offset, (int)location.Length);
    }

    /// <summary>Closes all segments; nothing may read any more.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var segment in Interlocked.Exchange(ref _table, new Segment?[4]))
            {
                segment?.Dispose();
            }

            _count = 0;
        }
    }

    [DoesNotReturn]
    private void ThrowDamaged(string path, in RecordLocation location)
    {
        var damage = StorageFailure.Damaged(
            path, location.Offset, $"the record of {location.Length} bytes there fails its checksum or has another key.");
        damageMet?.Invoke(damage);
        throw damage;
    }

    private void Publish(Segment? removed, Segment? added)
    {
        // At most half full: look-ups stay short and always meet an empty slot.
        var size = 4;
        while (size < 2 * (_count + 1))
        {
            size *= 2;
        }

        var bytes = added?.Length ?? 0;

        var table = new Segment?[size];
        foreach (var segment in _table)
        {
            if (segment is not null && !ReferenceEquals(segment, removed))
            {
                Insert(table, segment);
                bytes += segment.Length;
            }
        }

        if (added is not null)
        {
            Insert(table, added);
        }

        Volatile.Write(ref _table, table);
        Volatile.Write(ref _outgrowsMemory, bytes > memoryBytes);
    }

    private static void Insert(Segment?[] table, Segment segment)
    {
        var mask = (uint)table.Length - 1;
        var slot = segment.Id & mask;
        while (table[slot] is not null)
        {
            slot = (slot + 1) & mask;
        }

        table[slot] = segment;
    }
}
