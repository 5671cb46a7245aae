using System.Globalization;
using System.Text;
using Kvs.Core.Index;
using Kvs.Core.Index.Pages;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Xunit;

namespace Kvs.Core.Tests.Index;

public sealed class KeyIndexTests : IDisposable
{
    private readonly KeyIndex _index = new(new KeyIndexOptions { CheckPages = true });
    private ulong _sequence;

    public void Dispose() => _index.Dispose();

    [Fact]
    public void A_new_index_is_empty_and_readable()
    {
        using var pin = _index.Pin();
        Assert.False(pin.TryFind("a"u8, out _));
        Assert.Equal(0, pin.Root.KeyCount);
        using var lease = _index.Lease();
        Assert.Equal(0, lease.Count(KeyRange.All));
        Assert.False(lease.Cursor(KeyRange.All, reverse: true).MoveNext());
    }

    [Fact]
    public void Nothing_shows_before_it_is_published()
    {
        Set("a");
        var root = _index.EndGroup(7, logTimeMillis: 99, state: "state");
        Assert.False(IsReadable("a"));
        _index.Publish(root);
        Assert.True(IsReadable("a"));
        using var pin = _index.Pin();
        Assert.Equal((7ul, 99L, "state"), (pin.Root.Sequence, pin.Root.LogTimeMillis, pin.Root.State));
    }

    [Fact]
    public void A_lease_keeps_its_state_while_later_groups_replace_everything()
    {
        Load(5000);
        using var lease = _index.Lease();
        for (var i = 0; i < 5000; i++)
        {
            _index.Remove(Key(i), out _);
            PublishIf(i % 100 == 99);
        }

        Assert.Equal(0, _index.Published.KeyCount);
        Assert.Equal(5000, lease.Count(KeyRange.All));
        Assert.True(lease.TryFind(Key(4999), out _));
    }

    [Fact]
    public void A_held_lease_keeps_only_its_own_pages()
    {
        Load(5000);
        var loaded = _index.Arena.PagesUsed;
        using var lease = _index.Lease();
        for (var i = 0; i < 20_000; i++)
        {
            _index.Set(Key(i % 5000), Entry(), out _);
            PublishIf(i % 100 == 99);
        }

        // With "free nothing younger than the oldest lease" it would be about 20,000 pages.
        Assert.InRange(_index.Arena.PagesUsed, loaded, (2 * loaded) + 50);
    }

    [Fact]
    public void The_oldest_referenced_root_follows_leases_and_pins()
    {
        Load(10);
        using var lease = _index.Lease();
        var leased = lease.Root.Number;
        Set("a");
        PublishIf(true);
        Assert.Equal(leased, _index.OldestReferencedRoot);
        using (var pin = _index.Pin())
        {
            lease.Dispose();
            var pinned = pin.Root.Number;
            Set("b");
            PublishIf(true);
            Assert.Equal(pinned, _index.OldestReferencedRoot);
        }

        _index.Reclaim();
        Assert.Equal(_index.Published.Number, _index.OldestReferencedRoot);
    }

    [Fact]
    public void More_readers_than_slots_fall_back_to_leases()
    {
        using var index = new KeyIndex(new KeyIndexOptions { PinSlots = 1, CheckPages = true });
        index.Set("a"u8, Entry(), out _);
        index.Publish(index.EndGroup(1, 0, null));
        using var first = index.Pin();
        using (var second = index.Pin())
        {
            index.Remove("a"u8, out _);
            index.Publish(index.EndGroup(2, 0, null));
            index.Reclaim();
            Assert.Equal(second.Root.Number, index.OldestReferencedRoot);
            Assert.True(second.TryFind("a"u8, out _));
        }

        Assert.True(first.TryFind("a"u8, out _));
    }

    [Fact]
    public void A_point_read_allocates_nothing()
    {
        Load(5000);
        var key = Key(123);
        Assert.True(FindMany(key, 100)); // so that everything is compiled
        var before = GC.GetAllocatedBytesForCurrentThread();
        var found = FindMany(key, 1000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(found);
    }

    [Fact]
    public void Expired_keys_are_found_in_key_order_and_without_looking_at_others()
    {
        Load(5000);
        foreach (var (i, expires) in new[] { (40, 100L), (7, 200L), (4000, 150L), (3, 201L) })
        {
            _index.Set(Key(i), Entry() with { ExpiresAtMillis = expires }, out _);
        }

        Assert.Equal(100, _index.WorkingEarliestExpiryMillis);
        Assert.False(_index.TryNextExpired(99, out _, out _));
        var due = new List<string>();
        while (_index.TryNextExpired(200, out var key, out var entry))
        {
            Assert.True(entry.ExpiresAtMillis <= 200);
            due.Add(Encoding.ASCII.GetString(key));
            Assert.True(_index.Remove(key, out var removed));
            Assert.Equal(entry, removed);
        }

        Assert.Equal([Text(7), Text(40), Text(4000)], due);
        Assert.Equal(201, _index.WorkingEarliestExpiryMillis);
        _index.Set(Key(3), Entry(), out _);
        Assert.Equal(Subtree.NoExpiry, _index.WorkingEarliestExpiryMillis);
    }

    [Fact]
    public void Count_and_cursor_leave_out_what_has_expired_but_is_not_removed()
    {
        Load(5000);
        for (var i = 0; i < 5000; i += 10)
        {
            _index.Set(Key(i), Entry() with { ExpiresAtMillis = 100 + (i % 20) }, out _);
        }

        _index.Publish(_index.EndGroup(1, logTimeMillis: 100, state: null));
        using var lease = _index.Lease();
        Assert.Equal(4750, lease.Count(KeyRange.All));
        Assert.Equal(95, lease.Count(new KeyRange(Key(100), Key(200))));
        var cursor = lease.Cursor(new KeyRange(Key(100), Key(200)), reverse: false);
        Assert.True(cursor.MoveNext());
        Assert.Equal(Key(101), cursor.Key.ToArray());
        Assert.Equal(5000, lease.Root.KeyCount);
    }

    [Theory]
    [InlineData(false, 150, 150)]
    [InlineData(true, 150, 150)]
    [InlineData(false, 50, 100)]
    [InlineData(true, 50, -1)]
    [InlineData(false, 200, -1)]
    [InlineData(true, 4000, 199)]
    public void Seek_goes_to_a_key_within_the_range(bool reverse, int sought, int expected)
    {
        Load(5000);
        using var lease = _index.Lease();
        var cursor = lease.Cursor(new KeyRange(Key(100), Key(200)), reverse);
        for (var again = 0; again < 2; again++)
        {
            cursor.Seek(Key(sought));
            Assert.Equal(expected >= 0, cursor.MoveNext());
            Assert.True(expected < 0 || cursor.Key.SequenceEqual(Key(expected)));
        }
    }

    [Fact]
    public void The_longest_key_goes_in_and_out()
    {
        var key = new byte[Limits.KeyBytesMax];
        key.AsSpan().Fill(0xFF);
        var next = key.ToArray();
        next[^1] = 0xFE;
        _index.Set(key, Entry(), out _);
        _index.Set(next, Entry(), out _);
        _index.Set([], Entry(), out _);
        PublishIf(true);
        TreeAudit.VerifyAlone(_index);
        using (var lease = _index.Lease())
        {
            var cursor = lease.Cursor(KeyRange.All, reverse: true);
            Assert.True(cursor.MoveNext());
            Assert.True(cursor.Key.SequenceEqual(key));
            Assert.True(cursor.MoveNext());
            Assert.True(cursor.Key.SequenceEqual(next));
        }

        Assert.True(_index.Remove(key, out _) && _index.Remove(next, out _) && _index.Remove([], out _));
        PublishIf(true);
        Assert.Equal(1, _index.Arena.PagesUsed);
        Assert.Throws<KvsException>(() => _index.Set(new byte[Limits.KeyBytesMax + 1], Entry(), out _));
    }

    [Fact]
    public void Loading_refuses_keys_out_of_order()
    {
        using var loader = _index.BeginLoad();
        loader.Add("b"u8, Entry());
        Assert.Throws<KvsException>(() => loader.Add("b"u8, Entry()));
        Assert.Throws<KvsException>(() => loader.Add("a"u8, Entry()));
    }

    [Fact]
    public void Loaded_pages_leave_room_and_take_about_fifty_five_bytes_a_key()
    {
        var random = new Random(1);
        var keys = Enumerable.Range(0, 50_000).Select(_ => TestKeys.Random16(random))
            .Order(KeyComparer.Instance).ToList();
        using (var loader = _index.BeginLoad())
        {
            keys.ForEach(key => loader.Add(key, Entry()));
            loader.Complete();
        }

        Assert.InRange((double)_index.BytesUsed / keys.Count, 50, 60);
        var pages = _index.Arena.PagesUsed;
        for (var i = 0; i < 1000; i++)
        {
            _index.Set(TestKeys.Random16(random), Entry(), out _);
        }

        // Pages loaded full would all split: several hundred.
        Assert.InRange(_index.Arena.PagesUsed - pages, 0, 20);
    }

    [Fact]
    public void Keys_set_in_order_fill_their_pages()
    {
        for (var i = 0; i < 20_000; i++)
        {
            _index.Set(Key(i), Entry(), out _);
        }

        TreeAudit.Verify(_index.WorkingView);
        Assert.InRange((double)_index.BytesUsed / 20_000, 30, 45);
    }

    [Fact]
    public void A_dropped_root_cannot_be_published()
    {
        Set("a");
        var root = _index.EndGroup(1, 0, null);
        _index.DropUnpublished();
        Assert.Throws<KvsException>(() => _index.Publish(root));
        Assert.False(_index.TryFind("a"u8, out _));
        Set("b");
        var later = _index.EndGroup(1, 0, null);
        Assert.True(later.Number > root.Number);
        _index.Publish(later);
        Assert.True(IsReadable("b"));
    }

    [Fact]
    public void After_disposal_a_held_lease_still_reads_and_nothing_new_begins()
    {
        var index = new KeyIndex();
        index.Set("a"u8, Entry(), out _);
        index.Publish(index.EndGroup(1, 0, null));
        var lease = index.Lease();
        index.Dispose();
        index.Dispose();
        Assert.True(lease.TryFind("a"u8, out _));
        Assert.NotEqual(0, index.BytesHeld);
        Assert.Throws<ObjectDisposedException>(() => index.Lease());
        Assert.Throws<ObjectDisposedException>(() => index.Pin().Dispose());
        lease.Dispose();
        lease.Dispose();
        Assert.Equal(0, index.BytesHeld);
        Assert.Throws<ObjectDisposedException>(() => lease.TryFind("a"u8, out _));
    }

    private static string Text(int i) => "user:" + i.ToString("D8", CultureInfo.InvariantCulture);

    private static byte[] Key(int i) => Encoding.ASCII.GetBytes(Text(i));

    private bool FindMany(byte[] key, int times)
    {
        var found = true;
        for (var i = 0; i < times; i++)
        {
            using var pin = _index.Pin();
            found &= pin.TryFind(key, out _);
        }

        return found;
    }

    private void Load(int count)
    {
        using var loader = _index.BeginLoad();
        for (var i = 0; i < count; i++)
        {
            loader.Add(Key(i), Entry());
        }

        loader.Complete();
        PublishIf(true);
    }

    private bool IsReadable(string key)
    {
        using var pin = _index.Pin();
        return pin.TryFind(Encoding.ASCII.GetBytes(key), out _);
    }

    private void Set(string key) => _index.Set(Encoding.ASCII.GetBytes(key), Entry(), out _);

    private void PublishIf(bool condition)
    {
        if (condition)
        {
            _index.Publish(_index.EndGroup(_sequence, 0, null));
            _index.Reclaim();
        }
    }

    private IndexEntry Entry() => new(new RecordLocation(1, 2, 3), ++_sequence, 0, 4);
}
