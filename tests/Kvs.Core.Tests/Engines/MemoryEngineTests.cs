using Kvs.Core.Engines;
using Kvs.Core.Engines.Memory;
using Kvs.TestKit.Contracts;

namespace Kvs.Core.Tests.Engines;

public sealed class MemoryEngineTests : EngineContract
{
    private protected override bool HasFiles => false;

    private protected override EngineHarness Open(int seed) => new(seed, machine =>
        Task.FromResult<IKvEngine>(new MemoryEngine(machine.Time, machine.Random, WriteLimits.Default)));
}
