using Kvs.Core.Engines;
using Kvs.TestKit.Contracts;

namespace Kvs.Core.Tests.Engines;

public sealed class KvsEngineTests : EngineContract
{
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
