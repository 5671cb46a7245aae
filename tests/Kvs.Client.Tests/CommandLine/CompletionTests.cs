using Kvs.Client.Tests.Harness;
using Xunit;

namespace Kvs.Client.Tests.CommandLine;

/// <summary>Shell completion by the [suggest] directive.</summary>
public sealed class CompletionTests
{
    [Theory]
    [InlineData("kvs-client per", "persist")]
    [InlineData("kvs-client set --if", "--if-absent,--if-present,--if-version")]
    [InlineData("kvs-client get --out", "--output")]
    [InlineData("kvs-client get -o js", "json")]
    public async Task Words_are_completed(string typed, string suggestions)
    {
        await using var client = new ClientHarness();
        var outcome = await client.RunAsync($"[suggest:{typed.Length}]", typed);
        Assert.Equal(
            (0, suggestions),
                (outcome.Code, string.Join(',', outcome.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries))));
    }
}
