using Kvs.Core.Engines.Watch;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Doors;
using Xunit;

namespace Kvs.Server.Tests.Doors;

public sealed class WatchTableTests
{
    [Fact]
    public void One_watch_too_many_is_refused_until_another_one_ends()
    {
        var table = new WatchTable(_ => new NoChanges(), max: 2);
        using var first = table.Open(new WatchOptions());
        var second = table.Open(new WatchOptions());
        var refused = Assert.Throws<KvsUnavailableException>(() => table.Open(new WatchOptions()));
        Assert.Equal((ErrorCode.Overloaded, 2), (refused.Code, table.Count));
        second.Dispose();
        second.Dispose();
        Assert.Equal(1, table.Count);
        table.Open(new WatchOptions()).Dispose();
        Assert.Equal(1, table.Count);
    }

    [Fact]
    public void A_watch_that_the_engine_refuses_takes_no_place()
    {
        var table = new WatchTable(_ => throw new KvsException(ErrorCode.Compacted, "gone"), max: 1);
        Assert.Equal(ErrorCode.Compacted, Assert.Throws<KvsException>(() => table.Open(new WatchOptions())).Code);
        Assert.Equal(0, table.Count);
    }

    private sealed class NoChanges : IChangeFeed
    {
        public WatchPosition Position => default;

        public bool Read(ChangeBuffer target, int bytesMax) => false;

        public Task WaitAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose()
        {
        }
    }
}
