using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.TestKit.Contracts;
using Kvs.TestKit.Processes;

namespace Kvs.Core.Tests.Engines.Log;

/// <summary>The contract of any store, on the real disk with real threads.</summary>
public sealed class LogEngineContractTests : StoreContract
{
    private readonly TemporaryDirectory _directory = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _directory.Dispose();
    }

    protected override async Task<IKvStore> OpenAsync() =>
        new KvStore(await LogEngine.OpenAsync(_directory.FullPath, new LogEngineOptions(), KvsEnvironment.Real(), default));
}
