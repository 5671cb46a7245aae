using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.TestKit.Contracts;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Core.Tests.Engines;

public sealed class KvStoreFileTests : StoreContract
{
    private readonly TemporaryDirectory _root = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _root.Dispose();
    }

    [Fact]
    public async Task A_closed_store_opens_again_with_everything()
    {
        var path = _root.At("again");
        KvsVersion version;
        await using (var store = await KvStore.OpenAsync(path))
        {
            version = (await store.SetAsync("k", "v")).Version;
        }

        await using var again = await KvStore.OpenAsync(path);
        Assert.Equal(new KvsEntry("k", "v", version, null), await again.GetAsync("k"));
    }

    [Fact]
    public async Task A_directory_serves_one_store_at_a_time()
    {
        var failure = await Assert.ThrowsAsync<KvsStorageException>(() => KvStore.OpenAsync(_root.At("store")));

        Assert.Equal(ErrorCode.DirectoryLocked, failure.Code);
    }

    [Fact]
    public async Task A_snapshot_that_outlives_its_store_reads_no_more()
    {
        var store = await KvStore.OpenAsync(_root.At("other"));
        await store.SetAsync("k", "v");
        var snapshot = await store.SnapshotAsync();
        await store.DisposeAsync();
        await store.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await snapshot.GetAsync("k"));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await store.GetAsync("k"));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await store.SetAsync("k", "v"));
        await snapshot.DisposeAsync();
    }

    [Fact]
    public async Task Unusable_settings_are_refused()
    {
        await Assert.ThrowsAsync<KvsConfigurationException>(
            () => KvStore.OpenAsync(_root.FullPath, new KvStoreOptions { Durability = Durability.Default }));
        Assert.Throws<KvsConfigurationException>(() => KvStore.OpenMemory(new KvStoreOptions { ValueBytesMax = 0 }));
    }

    protected override async Task<IKvStore> OpenAsync() => await KvStore.OpenAsync(_root.At("store"));
}
