using Kvs.Core.Index;
using Xunit;

namespace Kvs.Core.Tests.Index;

public sealed class KeyIndexModelTests
{
    private static readonly KeyIndexOptions _small = new() { PageBytes = 512, CheckPages = true };
    private static readonly KeyIndexOptions _usual = new() { CheckPages = true };

    public static TheoryData<string, int> Workloads()
    {
        var data = new TheoryData<string, int>();
        foreach (var keys in new[] { "random", "nested", "prefixed", "long" })
        {
            for (var seed = 1; seed <= 3; seed++)
            {
                data.Add(keys, seed);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Workloads))]
    public void Random_changes_agree_with_an_ordered_dictionary_and_so_do_held_leases(string keys, int seed)
    {
        using var model = new IndexModel(seed, _small, KeysOf(keys));
        var random = new Random(seed);
        for (var round = 0; round < 40; round++)
        {
            // Grow in the first half, shrink to nothing in the second.
            model.Change(random.Next(1, 200), keysWanted: round < 20 ? 3000 : 0);
            model.EndAndPublish();
            if (random.Next(3) == 0)
            {
                model.TakeLease();
            }

            if (random.Next(4) == 0)
            {
                model.ReleaseALease();
            }

            if (round % 5 == 0)
            {
                model.Verify();
            }
        }

        model.Verify();
        model.ReleaseLeases();
        model.EndAndPublish();
        TreeAudit.VerifyAlone(model.Index);
    }

    [Theory]
    [MemberData(nameof(Workloads))]
    public void Everything_removed_leaves_one_empty_page(string keys, int seed)
    {
        using var model = new IndexModel(seed, _small, KeysOf(keys));
        model.Change(1500, keysWanted: int.MaxValue);
        var removed = model.Keys.Keys.ToArray();
        new Random(seed).Shuffle(removed);
        model.EndAndPublish();
        foreach (var key in removed)
        {
            model.Remove(key);
        }

        model.EndAndPublish();
        Assert.Equal(0, model.Index.Published.Height);
        Assert.Equal(1, model.Index.Arena.PagesUsed);
    }

    [Theory]
    [MemberData(nameof(Workloads))]
    public void A_loaded_index_agrees_and_takes_changes(string keys, int seed)
    {
        foreach (var count in new[] { 0, 1, 50, 1500 })
        {
            using var model = new IndexModel(seed, seed == 1 ? _usual : _small, KeysOf(keys));
            model.Load(count);
            model.EndAndPublish();
            model.TakeLease();
            model.Verify();
            TreeAudit.VerifyAlone(model.Index);
            model.Change(500, count);
            model.EndAndPublish();
            model.Verify();
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Dropped_groups_leave_the_published_state_and_none_of_their_pages(int seed)
    {
        using var model = new IndexModel(seed, _small, TestKeys.Long);
        var random = new Random(seed);
        for (var round = 0; round < 20; round++)
        {
            model.Change(200, keysWanted: 1000);
            model.EndAndPublish();
            var pages = model.Index.Arena.PagesUsed;
            for (var dropped = random.Next(3); dropped > 0; dropped--)
            {
                model.Change(100, keysWanted: 1000);
                model.EndGroup();
                model.Index.Reclaim();
            }

            model.Change(100, keysWanted: 1000);
            model.DropUnpublished();
            Assert.Equal(pages, model.Index.Arena.PagesUsed);
            Assert.Equal(0, model.Index.UnpublishedPages);
            model.Verify();
        }

        TreeAudit.VerifyAlone(model.Index);
    }

    private static Func<Random, byte[]> KeysOf(string name) => name switch
    {
        "random" => TestKeys.Random16,
        "nested" => TestKeys.ShortAndNested,
        "prefixed" => TestKeys.Prefixed,
        _ => TestKeys.Long,
    };
}
