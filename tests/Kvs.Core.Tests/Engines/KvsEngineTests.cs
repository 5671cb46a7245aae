using Kvs.Core.Engines;
using Kvs.TestKit;
using Kvs.TestKit.Contracts;
using Xunit;

namespace Kvs.Core.Tests.Engines;

public sealed class KvsEngineTests : EngineContract
{
    [Fact]
    public void A_version_of_an_earlier_life_is_included_and_one_of_another_history_is_not()
    {
        using var engine = Open(TestSeed.For());
        var old = engine.Set("k", "1");
        engine.Reopen();
        var young = engine.Set("k", "2");
        Assert.NotEqual(old.Epoch, young.Epoch);
        Assert.True(engine.Engine.Includes(old) && engine.Engine.Includes(young));
        Assert.False(engine.Engine.Includes(old with { Epoch = young.Epoch }));
        Assert.False(engine.Engine.Includes(young with { Epoch = old.Epoch }));
    }

    private protected override bool HasFiles => true;

    private protected override EngineHarness Open(int seed) => new(seed, static async machine =>
        await LogEngine.OpenAsync("/store", new LogEngineOptions(), machine, CancellationToken.None));

    // Small files and no history, so that rotation and compaction happen all the time.
    private protected override EngineHarness OpenModel(int seed) => new(seed, static async machine =>
        await LogEngine.OpenAsync(
            "/store",
            new LogEngineOptions { HistoryBytes = 0 },
            machine,
            CancellationToken.None));
}
