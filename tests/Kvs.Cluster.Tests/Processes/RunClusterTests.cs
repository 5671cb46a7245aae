using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kvs.TestKit;
using Kvs.TestKit.Processes;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>The program behind run-cluster.sh and run-cluster.ps1, as a user runs it.</summary>
/// <param name="output">Gets what it says.</param>
public sealed class RunClusterTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_cluster_comes_up_loses_a_node_takes_it_back_and_goes_down()
    {
        using var directory = new TemporaryDirectory();
        var port = FreePortOf(3);
        try
        {
            Assert.Contains($"127.0.0.1:{port},127.0.0.1:{port + 1},127.0.0.1:{port + 2}", await RunAsync("up", "3", "--detach"), StringComparison.Ordinal);
            await Clients.SetAsync($"127.0.0.1:{port}", "key", "1");
            Assert.Equal("1", await Clients.GetAsync($"127.0.0.1:{port + 2}", "key"));
            await RunAsync("kill", "2");
            await Clients.SetAsync($"127.0.0.1:{port + 2}", "key", "2");
            await RunAsync("start", "2");
            Assert.Equal("2", await Clients.GetAsync($"127.0.0.1:{port + 1}", "key"));
        }
        finally
        {
            Assert.Contains("node3 stopped", await RunAsync("down"), StringComparison.Ordinal);
        }

        async Task<string> RunAsync(params string[] words)
        {
            var start = new ProcessStartInfo("dotnet", ["run", "tools/cluster.cs", "--", .. words])
            {
                WorkingDirectory = Repository.Root,
                UseShellExecute = false,
                RedirectStandardOutput = true,
            };
            start.Environment["KVS_CLUSTER_DIR"] = directory.FullPath;
            start.Environment["KVS_CLUSTER_PORT"] = port.ToString(CultureInfo.InvariantCulture);
            using var process = Process.Start(start)!;
            var said = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            output.WriteLine(said);
            Assert.Equal(0, process.ExitCode);
            return said;
        }
    }

    // Nobody else chooses below the range that the system gives ports from; which of them is drawn is no matter.
    private static int FreePortOf(int count)
    {
        var random = new Random();
        while (true)
        {
            var first = random.Next(20_000, 30_000);
            try
            {
                var probes = Enumerable.Range(first, count).Select(static port => new TcpListener(IPAddress.Loopback, port)).ToList();
                probes.ForEach(static probe => probe.Start());
                probes.ForEach(static probe => probe.Dispose());
                return first;
            }
            catch (SocketException)
            {
                // Taken: others are tried.
            }
        }
    }
}
