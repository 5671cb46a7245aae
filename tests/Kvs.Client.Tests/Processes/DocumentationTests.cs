using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Kvs.TestKit;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Client.Tests.Processes;

/// <summary>What README.md and docs/cli.md show is what real programs do, run in a real shell.</summary>
public sealed class DocumentationTests
{
    private const string Arrow = "# -> ";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>
    /// docs/cli.md, in order, against one server: "$ " begins a command, what follows is its output, stderr before stdout;
    /// "..." stands for any text within a line.
    /// </summary>
    [PlatformFact("!WINDOWS")] // the examples are written for a POSIX shell
    public async Task Every_example_prints_what_the_page_says()
    {
        using var folder = new TemporaryDirectory();
        using var server = await ServerProcess.StartAsync(folder.FullPath);
        var examples = Examples(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "cli.md")));
        Assert.InRange(examples.Count, 40, int.MaxValue);
        foreach (var (command, expected) in examples)
        {
            // Stderr comes first: which of two streams comes first is not for a page to promise.
            var (output, errors) = await RunAsync(folder, ("KVS_ADDR", server.Address), "/bin/sh", "-c", command);
            AssertShown(expected, errors + output, $"$ {command}");
        }
    }

    /// <summary>
    /// The tour of README.md as one script, with job control as in a terminal: "# -> " says what a command prints.
    /// </summary>
    [PlatformFact("!WINDOWS")]
    public async Task The_tour_of_the_README_runs_as_written()
    {
        using var folder = new TemporaryDirectory();
        var tour = Tour(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "README.md")));
        var expected = string.Concat(
            tour.Split('\n').Where(line => line.Contains(Arrow, StringComparison.Ordinal)).Select(line => line.Split(Arrow)[1] + "\n"));
        Assert.InRange(expected.Count(letter => letter == '\n'), 5, int.MaxValue);

        // The servers of the tour listen where nobody else does; the last one has ended before the directory goes.
        var address = $"127.0.0.1:{FreePort()}";
        var script = $"export KVS_SERVER_ADDR={address}\n{tour}\nwait\n";
        var (output, errors) = await RunAsync(folder, ("KVS_ADDR", address), "bash", "-m", "-c", script);
        AssertShown(expected, output, $"{tour}\nstderr:\n{errors}");
    }

    private static void AssertShown(string expected, string actual, string of)
    {
        var pattern = "^" + Regex.Escape(expected).Replace(@"\.\.\.", ".*", StringComparison.Ordinal) + "$";
        Assert.True(
            Regex.IsMatch(actual, pattern, RegexOptions.None, Patience),
            $"{of}\nexpected:\n{expected}\nactual:\n{actual}");
    }

    private static string Tour(string page)
    {
        page = page.ReplaceLineEndings("\n");
        var start = page.IndexOf("kvs-server &", StringComparison.Ordinal);
        return page[start..page.IndexOf("\n```", start, StringComparison.Ordinal)];
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

    private static async Task<(string Output, string Errors)> RunAsync(
        TemporaryDirectory folder, (string Name, string Value) variable, string shell, params string[] arguments)
    {
        var start = new ProcessStartInfo(shell, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder.FullPath,
        };
        var programs = new[] { Repository.Program("Kvs.Client", "kvs-client"), Repository.Program("Kvs.Server", "kvs-server") };
        var path = string.Join(':', programs.Select(Path.GetDirectoryName));
        start.Environment["PATH"] = $"{path}:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment[variable.Name] = variable.Value;
        using var patience = new CancellationTokenSource(Patience);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(patience.Token);
        var errors = await process.StandardError.ReadToEndAsync(patience.Token);
        await process.WaitForExitAsync(patience.Token);
        return (await output, errors);
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
