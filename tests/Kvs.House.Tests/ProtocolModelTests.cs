using System.Diagnostics;
using System.Text.RegularExpressions;
using Kvs.TestKit;
using Xunit;

namespace Kvs.House.Tests;

/// <summary>The model of the cluster protocol holds, its deliberate bugs are found, and the checker of it can fail.</summary>
public sealed partial class ProtocolModelTests : IDisposable
{
    private const int NotAsTheTableSays = 1;
    private const int ToolMissing = 3;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kvs-model-test-");

    public void Dispose() => _folder.Delete(recursive: true);

    [ToolFact("spin", "gcc")]
    public async Task The_model_holds_and_its_bugs_are_found()
    {
        var (code, output) = await RunModelAsync("--quick");
        Assert.True(code == 0, output);
        Assert.DoesNotContain("out of date", output, StringComparison.Ordinal);
    }

    [ToolFact("spin", "gcc")]
    public async Task A_model_that_breaks_and_a_bug_that_is_not_found_fail()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "tiny.pml"), """
            active proctype p() {
            #ifdef BUG_ONE
              assert(false)
            #else
              skip
            #endif
            }
            """);
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "README.md"), """
            | right | quick | | holds | 1 |
            | broken | quick | `-DBUG_ONE` | holds | 1 |
            | blind | quick | `-DBUG_TWO` | found | 1 |
            | found | quick | `-DBUG_ONE` | found | 1 |
            """);
        var (code, output) = await RunModelAsync(_folder.FullName);
        Assert.True(code == NotAsTheTableSays, output);
        Assert.Equal(
            ["ok   right", "FAIL broken", "FAIL blind", "ok   found"],
            output.Split('\n').Where(line => line.Contains(": must ", StringComparison.Ordinal)).Select(line => line.Split(':')[0]));
        Assert.Contains("2 of 4 runs", output, StringComparison.Ordinal);
        Directory.Delete(KeptFolder().Match(output).Groups[1].Value, recursive: true);
    }

    [PlatformFact("LINUX")]
    public async Task Without_its_tools_it_says_which_and_ends_with_a_code_of_its_own()
    {
        var (code, output) = await RunModelAsync("--quick", path: "/nowhere");
        Assert.True(code == ToolMissing, output);
        Assert.Contains("spin is missing; on Debian: apt-get install spin", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_bug_of_the_model_is_a_quick_run()
    {
        var models = Path.Combine(SourceTree.Root, "docs/models");
        var bugs = BugPattern().Matches(File.ReadAllText(Path.Combine(models, "replication.pml"))).Select(match => match.Value).Distinct().Order().ToList();
        var runs = File.ReadLines(Path.Combine(models, "README.md"))
            .Where(line => line.Contains("| quick |", StringComparison.Ordinal) && line.Contains("| found |", StringComparison.Ordinal))
            .SelectMany(line => BugPattern().Matches(line).Select(match => match.Value))
            .Order()
            .ToList();
        Assert.Equal(9, bugs.Count);
        Assert.Equal(bugs, runs);
    }

    private static async Task<(int Code, string Output)> RunModelAsync(string argument, string? path = null)
    {
        var dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        var start = new ProcessStartInfo(dotnet, ["run", Path.Combine(SourceTree.Root, "tools/model.cs"), "--", argument])
        {
            WorkingDirectory = SourceTree.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        if (path is not null)
        {
            start.Environment["PATH"] = path;
        }

        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync() + await errors;
        await process.WaitForExitAsync();
        return (process.ExitCode, output);
    }

    [GeneratedRegex(@"BUG_[A-Z]+")]
    private static partial Regex BugPattern();

    [GeneratedRegex(@"table says; see (\S+)")]
    private static partial Regex KeptFolder();
}
