using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Xunit;

namespace Kvs.Package.Tests;

public sealed class ConsumerTests
{
    [Fact]
    public async Task A_store_of_the_package_keeps_what_it_acknowledged()
    {
        var directory = Directory.CreateTempSubdirectory("kvs-package-").FullName;
        await using (var store = await KvStore.OpenAsync(directory))
        {
            Assert.True((await store.SetAsync("k", "v")).Applied);
        }

        await using (var store = await KvStore.OpenAsync(directory))
        {
            Assert.Equal("v", (await store.GetAsync("k"))?.Value.ToString());
        }

        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task A_store_in_memory_needs_no_directory()
    {
        await using var store = KvStore.OpenMemory();
        await store.ApplyAsync(new KvsBatch().Set("a", "1").Increment("n", 2));

        Assert.Equal(2, await store.CountAsync());
    }
}
