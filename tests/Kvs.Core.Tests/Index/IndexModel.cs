using Kvs.Core.Index;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Xunit;

namespace Kvs.Core.Tests.Index;

/// <summary>
/// A key index beside an ordered dictionary: does each change to both, and compares them, leased states included.
/// </summary>
internal sealed class IndexModel : IDisposable
{
    private readonly Random _random;
    private readonly Func<Random, byte[]> _newKey;
    private readonly List<(IndexLease Lease, SortedDictionary<byte[], IndexEntry> Keys)> _leases = [];
    private SortedDictionary<byte[], IndexEntry> _published = new(KeyComparer.Instance);
    private long _logTime = 1000;
    private ulong _sequence;

    internal IndexModel(int seed, KeyIndexOptions options, Func<Random, byte[]> newKey)
    {
        _random = new Random(seed);
        _newKey = newKey;
        Index = new KeyIndex(options);
    }

    internal KeyIndex Index { get; }

    internal SortedDictionary<byte[], IndexEntry> Keys { get; private set; } = new(KeyComparer.Instance);

    public void Dispose()
    {
        ReleaseLeases();
        Index.Dispose();
    }

    /// <summary>Sets and removes keys at random: more sets below the wanted count, more removes above it.</summary>
    internal void Change(int operations, int keysWanted)
    {
        for (var i = 0; i < operations; i++)
        {
            var isRemove = _random.Next(100) < (Keys.Count < keysWanted ? 25 : 75);
            var key = Keys.Count > 0 && _random.Next(100) < (isRemove ? 90 : 30) ? AnyKey() : _newKey(_random);
            if (isRemove)
            {
                Remove(key);
            }
            else
            {
                Set(key, NewEntry());
            }
        }
    }

    internal void Set(byte[] key, in IndexEntry entry)
    {
        Assert.Equal(Keys.TryGetValue(key, out var expected), Index.Set(key, entry, out var previous));
        Assert.Equal(expected, previous);
        Keys[key] = entry;
    }

    internal void Remove(byte[] key)
    {
        Assert.Equal(Keys.Remove(key, out var expected), Index.Remove(key, out var previous));
        Assert.Equal(expected, previous);
    }

    internal void Load(int count)
    {
        while (Keys.Count < count)
        {
            Keys[_newKey(_random)] = NewEntry();
        }

        using var loader = Index.BeginLoad();
        foreach (var (key, entry) in Keys)
        {
            loader.Add(key, entry);
        }

        loader.Complete();
    }

    internal IndexRoot EndGroup()
    {
        _logTime += _random.Next(20);
        return Index.EndGroup(_sequence, _logTime, Keys.Count);
    }

    internal void EndAndPublish()
    {
        Index.Publish(EndGroup());
        _published = new SortedDictionary<byte[], IndexEntry>(Keys, KeyComparer.Instance);
        Index.Reclaim();
    }

    internal void DropUnpublished()
    {
        Index.DropUnpublished();
        Keys = new SortedDictionary<byte[], IndexEntry>(_published, KeyComparer.Instance);
    }

    internal void TakeLease() => _leases.Add((Index.Lease(), _published));

    internal void ReleaseALease()
    {
        if (_leases.Count > 0)
        {
            var at = _random.Next(_leases.Count);
            _leases[at].Lease.Dispose();
            _leases.RemoveAt(at);
        }
    }

    internal void ReleaseLeases()
    {
        _leases.ForEach(static held => held.Lease.Dispose());
        _leases.Clear();
    }

    internal void Verify()
    {
        Assert.Equal((long)TreeAudit.Verify(Index.WorkingView) * Index.Arena.PageBytes, Index.BytesLive);
        foreach (var (key, entry) in Keys)
        {
            Assert.True(Index.TryFind(key, out var found));
            Assert.Equal(entry, found);
        }

        foreach (var (lease, keys) in _leases)
        {
            Verify(lease, keys);
        }
    }

    private void Verify(IndexLease lease, SortedDictionary<byte[], IndexEntry> keys)
    {
        var visible = keys.Where(pair => pair.Value.IsVisibleAt(lease.Root.LogTimeMillis)).ToList();
        VerifyScan(lease, KeyRange.All, visible);
        if (visible.Count > 0)
        {
            var position = _random.Next(visible.Count);
            Assert.True(lease.TryFindAt(position, out var key, out var entry));
            Assert.Equal(visible[position].Key, key);
            Assert.Equal(visible[position].Value, entry);
        }

        Assert.False(lease.TryFindAt(visible.Count, out _, out _));
        var range = new KeyRange(BoundNear(keys), _random.Next(4) == 0 ? null : BoundNear(keys));
        VerifyScan(lease, range, visible.FindAll(pair => Holds(range, pair.Key)));
    }

    private static void VerifyScan(IndexLease lease, in KeyRange range, List<KeyValuePair<byte[], IndexEntry>> expected)
    {
        Assert.Equal(expected.Count, lease.Count(range));
        foreach (var reverse in new[] { false, true })
        {
            var cursor = lease.Cursor(range, reverse);
            foreach (var (key, entry) in reverse ? Enumerable.Reverse(expected) : expected)
            {
                Assert.True(cursor.MoveNext());
                Assert.Equal(key, cursor.Key.ToArray());
                Assert.Equal(entry, cursor.Entry);
            }

            Assert.False(cursor.MoveNext());
            Assert.False(cursor.MoveNext());
        }
    }

    private static bool Holds(in KeyRange range, byte[] key) =>
        key.AsSpan().SequenceCompareTo(range.From.Span) >= 0
        && (range.To is not { } to || key.AsSpan().SequenceCompareTo(to.Span) < 0);

    private ReadOnlyMemory<byte> BoundNear(SortedDictionary<byte[], IndexEntry> keys)
    {
        var isThere = keys.Count > 0 && _random.Next(2) == 0;
        var key = isThere ? keys.ElementAt(_random.Next(keys.Count)).Key : _newKey(_random);
        return _random.Next(3) == 0 ? key.AsMemory(0, key.Length / 2) : key;
    }

    private byte[] AnyKey() => Keys.ElementAt(_random.Next(Math.Min(Keys.Count, 200))).Key;

    private IndexEntry NewEntry()
    {
        var expires = _random.Next(4) == 0 ? _logTime + _random.Next(-20, 200) : 0;
        var location = new RecordLocation((uint)_random.Next(), (uint)_random.Next(), (uint)_random.Next());
        return new IndexEntry(location, ++_sequence, expires, _random.Next());
    }
}
