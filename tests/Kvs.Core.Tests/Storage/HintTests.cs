using System.Text;
using Kvs.Core.Primitives;
using Kvs.Core.Storage;
using Kvs.Core.Storage.Hints;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Records;
using Kvs.Core.Storage.Segments;
using Kvs.TestKit;
using Kvs.TestKit.Device;
using Xunit;

namespace Kvs.Core.Tests.Storage;

/// <summary>Hint files: what opening reads instead of values.</summary>
public sealed class HintTests
{
    [Fact]
    public void Merging_hints_gives_the_newest_record_of_each_key_as_a_model_does() => TestSeed.Run(seed =>
    {
        var random = new Random(seed);
        using var store = new StoreFixture(new SimulatedFileSystem(), seed).Begin();
        var model = new SortedDictionary<string, (ulong Sequence, string? Value)>(StringComparer.Ordinal);
        for (var segment = 0; segment < 4; segment++)
        {
            for (var i = 0; i < 60; i++)
            {
                Change(store, model, random, $"key-{random.Next(80):d3}");
            }

            store.Writer.Rotate(store.MakeReady());
        }

        using var merge = new HintMerge(WriteHints(store));
        foreach (var (key, expected) in model)
        {
            Assert.True(merge.MoveNext());
            Assert.Equal(key, Encoding.UTF8.GetString(merge.Key));
            Assert.Equal(expected.Sequence, merge.Entry.Sequence);
            Assert.Equal(expected.Value is null ? RecordKind.Remove : RecordKind.Set, merge.Entry.Kind);
            if (expected.Value is not null)
            {
                var record = store.Segments.ReadRecord(merge.Entry.Location, merge.Key);
                Assert.Equal(expected.Value, Encoding.UTF8.GetString(record.Value));
                Assert.Equal(record.Value.Length, merge.Entry.ValueLength);
            }
        }

        Assert.False(merge.MoveNext());
    });

    [Theory]
    [InlineData("", 3)] // many are equal, many end with a zero byte
    [InlineData("what all have in front/", 3)]
    [InlineData("/", 20)]
    public void Keys_of_any_shape_come_in_the_order_of_their_bytes(string common, int bytesMax) => TestSeed.Run(seed =>
    {
        var random = new Random(seed);
        using var store = new StoreFixture(new SimulatedFileSystem(), seed).Begin();
        var keys = new HashSet<string>();
        for (var i = 0; i < 300; i++)
        {
            byte[] key = [.. Encoding.UTF8.GetBytes(common), .. random.GetItems<byte>([0, 1, 97, 255], random.Next(1, bytesMax))];
            keys.Add(Convert.ToHexString(key));
            store.AppendGroup(group => group.AddSet(key, "v"u8, 0));
        }

        store.Writer.Rotate(store.MakeReady());
        using var merge = new HintMerge(WriteHints(store));
        var found = new List<string>();
        while (merge.MoveNext())
        {
            found.Add(Convert.ToHexString(merge.Key));
        }

        Assert.Equal(keys.Order(StringComparer.Ordinal), found);
    });

    [Fact]
    public void Of_a_key_set_twice_in_one_batch_the_later_record_wins()
    {
        using var store = new StoreFixture(new SimulatedFileSystem()).Begin();
        store.AppendGroup(group =>
        {
            group.AddSet("k"u8, "first"u8, 0);
            group.AddSet("k"u8, "second"u8, 77);
        });
        store.Writer.Rotate(store.MakeReady());

        using var merge = new HintMerge(WriteHints(store));
        Assert.True(merge.MoveNext());
        Assert.Equal("second"u8, store.Segments.ReadRecord(merge.Entry.Location, merge.Key).Value);
        Assert.Equal(77, merge.Entry.ExpiresAtMillis);
    }

    [Fact]
    public void A_record_with_a_content_type_is_found_whole()
    {
        using var store = new StoreFixture(new SimulatedFileSystem()).Begin();
        store.AppendGroup(group =>
        {
            group.AddSet("a"u8, "one"u8, 77, "text/plain");
            group.AddSet("b"u8, ""u8, 0, new string('t', 255));
            group.AddSet("c"u8, "three"u8, 0);
        });
        store.Writer.Rotate(store.MakeReady());

        using var merge = new HintMerge(WriteHints(store));
        foreach (var (value, expiry, type) in new[] { ("one", 77L, "text/plain"), ("", 0, new string('t', 255)), ("three", 0, null) })
        {
            Assert.True(merge.MoveNext());
            var record = store.Segments.ReadRecord(merge.Entry.Location, merge.Key);
            Assert.Equal((value, type), (Encoding.UTF8.GetString(record.Value), record.ContentTypeText));
            Assert.Equal((value.Length, expiry), (merge.Entry.ValueLength, merge.Entry.ExpiresAtMillis));
        }
    }

    [Fact]
    public void The_filter_never_denies_a_key_that_is_there_and_seldom_affirms_one_that_is_not()
    {
        var filter = KeyFilter.ForKeys(10_000);
        for (var i = 0; i < 10_000; i++)
        {
            filter.Add(StoreFixture.Bytes($"key-{i}"));
        }

        var read = KeyFilter.Of(filter.Bytes.ToArray());
        var wrong = 0;
        for (var i = 0; i < 10_000; i++)
        {
            Assert.True(read.MayContain(StoreFixture.Bytes($"key-{i}")));
            wrong += read.MayContain(StoreFixture.Bytes($"other-{i}")) ? 1 : 0;
        }

        Assert.InRange(wrong, 1, 300);
    }

    [Fact]
    public void A_hint_file_with_any_byte_changed_is_not_believed()
    {
        using var store = new StoreFixture(new SimulatedFileSystem()).Begin();
        store.Set("a", "1");
        store.Set("b", "2", expiresAtMillis: 9);
        store.Remove("c");
        var file = Sealed(store, store.Writer.Segment, store.Writer.Offset);
        HintWriter.Write(store.Files, store.Writer.Segment, store.Writer.Offset);
        using (var reader = HintReader.TryOpen(store.Files, file))
        {
            Assert.Equal(3, reader!.Header.KeyCount);
        }

        var path = StoreFixture.PathOf(StoreFiles.Hint(file.Id));
        var good = store.Device.ReadAll(path);
        for (var i = 0; i < good.Length; i++)
        {
            store.Device.Damage(path, i, [(byte)(good[i] ^ (1 << (i % 8)))]);
            Assert.Null(HintReader.TryOpen(store.Files, file));
            store.Device.Damage(path, i, [good[i]]);
        }
    }

    [Fact]
    public void A_hint_of_an_earlier_use_of_the_file_is_not_believed()
    {
        using var store = new StoreFixture(new SimulatedFileSystem()).Begin();
        var file = Sealed(store, store.Writer.Segment, store.Writer.Offset);
        HintWriter.Write(store.Files, store.Writer.Segment, store.Writer.Offset);
        var recycled = file with { Identity = file.Identity with { Salt = file.Identity.Salt + 1 } };
        Assert.Null(HintReader.TryOpen(store.Files, recycled));
    }

    private static void Change(
        StoreFixture store, SortedDictionary<string, (ulong Sequence, string? Value)> model, Random random, string key)
    {
        if (random.Next(4) == 0)
        {
            model[key] = (store.Next, null);
            store.Remove(key);
            return;
        }

        var value = new string('v', random.Next(3000)) + store.Next;
        model[key] = (store.Next, value);
        store.Set(key, value);
    }

    private static List<HintReader> WriteHints(StoreFixture store)
    {
        var readers = new List<HintReader>();
        foreach (var listed in store.Manifests.Current.Files)
        {
            Assert.True(store.Segments.TryFind(listed.Id, out var segment));
            var end = EndOf(segment);
            HintWriter.Write(store.Files, segment, end);
            readers.Add(HintReader.TryOpen(store.Files, Sealed(store, segment, end))!);
        }

        return readers;
    }

    private static long EndOf(Segment segment)
    {
        var cursor = new Core.Storage.Groups.FrameCursor(segment.Bytes(0, (int)segment.Length), segment.Header.Salt);
        while (cursor.MoveNext())
        {
        }

        return cursor.Position;
    }

    private static ManifestFile Sealed(StoreFixture store, Segment segment, long end)
    {
        var listed = store.Manifests.Current.Find(segment.Id);
        return listed! with { State = FileState.Sealed, End = end, FirstSequence = 1, LastSequence = store.Next - 1 };
    }
}
