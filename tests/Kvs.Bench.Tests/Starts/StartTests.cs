using Kvs.Bench.Commands;
using Kvs.Bench.Reports;
using Kvs.Bench.Starts;
using Kvs.TestKit;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Bench.Tests.Starts;

/// <summary>The start of the client, from its process to its first byte. Its time is not judged.</summary>
public sealed class StartTests
{
    [PlatformFact("LINUX")]
    public async Task Each_round_has_a_figure_of_the_client()
    {
        using var directory = new TemporaryDirectory();

        var code = await StartCommand.Make().Parse(["--rounds", "2", "--starts", "1", "--report", directory.FullPath]).InvokeAsync();

        Assert.Equal(0, code);
        var results = ReportFiles.Read(directory.FullPath, "start").Where(static result => result.Side == StartRun.Own).ToList();
        Assert.Equal([1, 2], results.Select(static result => result.Round));
        Assert.All(results, static result => Assert.InRange(result.P50, 1000, 30e6)); // no runtime starts within a millisecond
        Assert.Contains("| start of kvs-client", await File.ReadAllTextAsync(directory.At("start.md")), StringComparison.Ordinal);
    }
}
