using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.Server.Engines;
using Kvs.TestKit.Contracts;

namespace Kvs.Server.Tests.Engines;

public sealed class KvStoreSqliteTests : StoreContract
{
    private readonly string _root = Directory.CreateTempSubdirectory("kvs-sqlite-").FullName;

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }

    protected override Task<IKvStore> OpenAsync() => Task.FromResult<IKvStore>(new KvStore(
        SqliteEngine.Open(KvsEnvironment.Real(), _root, new SqliteEngineOptions { Durability = Durability.Os })));
}
