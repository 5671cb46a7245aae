using Kvs.Core.Client;
using Kvs.Core.Operations;
using Kvs.TestKit.Contracts;

namespace Kvs.Server.Tests.Doors;

/// <summary>A store behind a server keeps every promise of a store in this process: client, protocol and door together.</summary>
public sealed class KvsClientContractTests : StoreContract
{
    private DoorFixture? _door;

    /// <inheritdoc/>
    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await _door!.DisposeAsync();
    }

    /// <inheritdoc/>
    protected override async Task<IKvStore> OpenAsync()
    {
        _door = DoorFixture.Open();
        return await KvsClient.ConnectAsync($"127.0.0.1:{_door.Port}");
    }
}
