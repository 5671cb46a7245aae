using Kvs.Core.Diagnostics;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Core.Tests.Engines.Log;

/// <summary>Going from one segment to the next where segments are left without a group.</summary>
public sealed class LogEngineRotationTests
{
    private const int MiB = 1024 * 1024;

    [Fact]
    public void A_segment_that_is_left_without_a_group_does_not_hurt_the_store() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Set("k", new string('x', 900_000));
        store.Run();

        // Room is reserved before the condition is judged: the log goes on in the next segment, and nothing is written.
        var refused = store.Apply(LogStore.SetOf("k", new string('y', 500_000), condition: KvsCondition.Absent));
        Assert.Equal(ErrorCode.ConditionFailed, refused.Code);
        Assert.Equal(ErrorCode.None, store.Set("large", new string('z', 3 * MiB)).Code);
        store.Run();
        Assert.DoesNotContain(store.Events, e => e.Kind == StoreEventKind.Faulted);
        Assert.Equal(ErrorCode.None, store.Set("after", "v").Code);

        var content = store.Content();
        Assert.Equal(content, store.ReopenKilled().Content());
        Assert.Equal(content, store.Reopen().Reopen().Content());
    });

    [Fact]
    public void Segments_too_small_for_a_large_value_do_not_pile_up() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed, new LogEngineOptions { HistoryBytes = 0 });
        for (var i = 0; i < 30; i++)
        {
            Assert.Equal(ErrorCode.None, store.Set("large", new string((char)('a' + (i % 26)), 3 * MiB)).Code);
            store.Advance(TimeSpan.FromSeconds(5));
        }

        Assert.True(store.Engine.Stats().Segments <= 6, $"{store.Engine.Stats().Segments} files");
        var content = store.Content();
        Assert.Equal(content, store.ReopenKilled().Content());
        Assert.Equal(content, store.Reopen().Reopen().Content());
    });

    [Fact]
    public void A_store_without_room_for_the_removal_of_expired_keys_rests() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        for (var i = 0; i < 12_000; i++)
        {
            store.Submit(LogStore.SetOf(i + new string('k', 300), "v", ttlMillis: 10_000));
        }

        store.Run();
        store.Device.CapacityBytes = store.Device.UsedBytes;
        while (store.Set("filler", new string('x', 200_000)).Code == ErrorCode.None)
        {
        }

        // Removals take the rest of the segment and the reserve; then nothing is left to write to.
        store.Advance(TimeSpan.FromSeconds(20));
        Assert.True(store.Engine.Stats().Expired is > 1024 and < 12_000, $"{store.Engine.Stats().Expired} removed");
    });
}
