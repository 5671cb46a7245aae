using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.TestKit.Contracts;

namespace Kvs.Core.Tests.Engines;

public sealed class KvStoreMemoryTests : StoreContract
{
    protected override Task<IKvStore> OpenAsync() => Task.FromResult<IKvStore>(KvStore.OpenMemory());
}
