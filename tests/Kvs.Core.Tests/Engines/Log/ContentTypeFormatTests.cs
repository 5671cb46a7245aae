using System.Buffers;
using Kvs.Core.Storage;
using Kvs.Core.Storage.Manifests;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Core.Tests.Engines.Log;

/// <summary>A program without content types would cut a record with one off as torn: it must not open the store.</summary>
public sealed class ContentTypeFormatTests
{
    [Fact]
    public void A_store_of_an_older_program_is_opened_as_one_that_it_refuses() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Set("k", "v");
        store.Close();
        var device = store.Device;
        const string manifest = LogStore.Path + "/" + StoreFiles.Manifest;
        ManifestStore.Open(device, LogStore.Path).Update(static older => older with { MayHoldContentTypes = false });
        Assert.Equal(1, device.ReadAll(manifest)[4]);

        store = new LogStore(seed + 1, store.Options, device);
        Assert.Equal("v", store.Get("k"));
        Assert.Equal(3, device.ReadAll(manifest)[4]);
        store.Apply(LogStore.SetOf("typed", "v") with { ContentType = "text/plain" });
        store = store.ReopenKilled();
        Assert.True(store.Engine.TryGet("typed"u8, new ArrayBufferWriter<byte>(), out var info));
        Assert.Equal("text/plain", info.ContentType);
    });
}
