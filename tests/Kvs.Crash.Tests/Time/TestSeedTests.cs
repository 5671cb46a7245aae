using Kvs.TestKit;
using Xunit;

namespace Kvs.Crash.Tests.Time;

public sealed class TestSeedTests
{
    [Fact]
    public void A_failure_names_the_seed_that_replays_it()
    {
        var failure = Assert.Throws<InvalidOperationException>(() =>
            TestSeed.Run(_ => throw new InvalidDataException("wrong")));

        Assert.StartsWith($"Replay with KVS_SEED={TestSeed.For()}. wrong", failure.Message, StringComparison.Ordinal);
        Assert.IsType<InvalidDataException>(failure.InnerException);
    }

    [Fact]
    public async Task A_failure_of_an_asynchronous_test_names_it_too()
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            TestSeed.RunAsync(_ => Task.FromException(new InvalidDataException("wrong"))));

        Assert.Contains("KVS_SEED=", failure.Message, StringComparison.Ordinal);
    }
}
