using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.TestKit.Contracts;

namespace Kvs.Core.Tests.Engines.Log;

/// <summary>The contract of any store, on the real disk with real threads.</summary>
public sealed class LogEngineContractTests : StoreContract
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kvs-log-").FullName;

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    protected override async Task<IKvStore> OpenAsync() =>
        new KvStore(await LogEngine.OpenAsync(_directory, new LogEngineOptions(), KvsEnvironment.Real(), default));
}
