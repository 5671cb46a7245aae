using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Kvs.Client.Tests.Harness;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Client.Tests.Processes;

/// <summary>
/// Runs every console example of docs/cli.md, in order, against one real server: "$ " begins a command, what follows is
/// its output, stderr before stdout; "..." stands for any text within a line.
/// </summary>
public sealed class DocumentationTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [PlatformFact("!WINDOWS")] // the examples are written for a POSIX shell
    public async Task Every_example_prints_what_the_page_says()
    {
        await using var server = await ServerProcess.StartAsync();
        var examples = Examples(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "cli.md")));
        Assert.InRange(examples.Count, 40, int.MaxValue);
        foreach (var (command, expected) in examples)
        {
            var actual = await RunAsync(command, server);
            var pattern = "^" + Regex.Escape(expected).Replace(@"\.\.\.", ".*", StringComparison.Ordinal) + "$";
            Assert.True(
                Regex.IsMatch(actual, pattern, RegexOptions.None, Patience),
                $"$ {command}\nexpected:\n{expected}\nactual:\n{actual}");
        }
    }

    private static List<(string Command, string Output)> Examples(string page)
    {
        var examples = new List<(string Command, string Output)>();
        var isInside = false;
        foreach (var line in page.ReplaceLineEndings("\n").Split('\n'))
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                isInside = line == "```console";
            }
            else if (isInside && line.StartsWith("$ ", StringComparison.Ordinal))
            {
                examples.Add((line[2..], ""));
            }
            else if (isInside)
            {
                examples[^1] = (examples[^1].Command, examples[^1].Output + line + "\n");
            }
        }

        return examples;
    }

    /// <summary>Stderr comes first: which of two streams comes first is not for a page to promise.</summary>
    private static async Task<string> RunAsync(string command, ServerProcess server)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", command])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = server.Folder,
        };
        var programs = Path.GetDirectoryName(Repository.Program("Kvs.Client", "kvs-client"));
        start.Environment["PATH"] = programs + ":" + Environment.GetEnvironmentVariable("PATH");
        start.Environment["KVS_ADDR"] = server.Address;
        using var patience = new CancellationTokenSource(Patience);
        using var process = Process.Start(start)!;
        var output = new StringBuilder();
        var reading = process.StandardOutput.ReadToEndAsync(patience.Token);
        output.Append(await process.StandardError.ReadToEndAsync(patience.Token)).Append(await reading);
        await process.WaitForExitAsync(patience.Token);
        return output.ToString();
    }
}
