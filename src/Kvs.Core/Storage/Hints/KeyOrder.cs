using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Records;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Storage.Hints;

/// <summary>
/// Orders records of a segment by key, of one key the newest first: later in the file wins within a batch. Sorts by the
/// eight bytes of each key behind what all keys begin with, which are numbers side by side; only where these are equal it
/// looks at the records, which lie anywhere in the file. Threading: one thread.
/// </summary>
/// <param name="segment">A segment that is written no more.</param>
internal sealed class KeyOrder(Segment segment)
{
    private readonly List<uint> _offsets = [];
    private byte[] _common = []; // what all keys begin with
    private int _commonLength = -1; // -1: there is no key yet

    /// <summary>The records: in the order in which they were added, and after <see cref="Sort"/> in that of their keys.</summary>
    internal ReadOnlySpan<uint> Offsets => CollectionsMarshal.AsSpan(_offsets);

    /// <summary>Adds a record.</summary>
    /// <param name="offset">Where it stands.</param>
    /// <param name="key">Its key.</param>
    internal void Add(uint offset, ReadOnlySpan<byte> key)
    {
        _offsets.Add(offset);
        if (_commonLength < 0)
        {
            _common = key.ToArray();
            _commonLength = key.Length;
        }
        else
        {
            _commonLength = _common.AsSpan(0, _commonLength).CommonPrefixLength(key);
        }
    }

    /// <summary>Sorts what was added.</summary>
    internal void Sort()
    {
        var offsets = CollectionsMarshal.AsSpan(_offsets);
        var leads = new ulong[offsets.Length];
        for (var i = 0; i < leads.Length; i++)
        {
            leads[i] = Lead(Record(offsets[i]).Key[_commonLength..]);
        }

        leads.AsSpan().Sort(offsets);
        var byRecord = new NewestFirstByKey(this);
        for (var (from, to) = (0, 1); from < leads.Length; from = to++)
        {
            while (to < leads.Length && leads[to] == leads[from])
            {
                to++;
            }

            if (to - from > 1)
            {
                offsets[from..to].Sort(byRecord);
            }
        }
    }

    /// <summary>A record.</summary>
    /// <param name="offset">Where it stands.</param>
    /// <returns>The record.</returns>
    internal RecordView Record(uint offset)
    {
        Check.That(RecordCodec.TryRead(segment.Bytes(offset, (int)(segment.Length - offset)), out var record));
        return record;
    }

    /// <summary>Eight bytes as a number of the same order; a shorter key counts as filled up with zeros.</summary>
    private static ulong Lead(ReadOnlySpan<byte> key)
    {
        if (key.Length >= sizeof(ulong))
        {
            return BinaryPrimitives.ReadUInt64BigEndian(key);
        }

        Span<byte> filled = stackalloc byte[sizeof(ulong)];
        filled.Clear();
        key.CopyTo(filled);
        return BinaryPrimitives.ReadUInt64BigEndian(filled);
    }

    private sealed class NewestFirstByKey(KeyOrder order) : IComparer<uint>
    {
        public int Compare(uint x, uint y)
        {
            var left = order.Record(x);
            var right = order.Record(y);
            var byKey = left.Key.SequenceCompareTo(right.Key);
            if (byKey != 0)
            {
                return byKey;
            }

            var bySequence = right.Sequence.CompareTo(left.Sequence);
            return bySequence != 0 ? bySequence : y.CompareTo(x);
        }
    }
}
