using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.Server.Engines;
using Kvs.TestKit.Contracts;
using Kvs.TestKit.Processes;

namespace Kvs.Server.Tests.Engines;

public sealed class KvStoreSqliteTests : StoreContract
{
    private readonly TemporaryDirectory _root = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _root.Dispose();
    }

    protected override Task<IKvStore> OpenAsync() => Task.FromResult<IKvStore>(new KvStore(
        SqliteEngine.Open(KvsEnvironment.Real(), _root.FullPath, new SqliteEngineOptions { Durability = Durability.Os })));
}
