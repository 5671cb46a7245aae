using System.Diagnostics;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Server.Tests.Doors;

/// <summary>
/// The memory of a real server with idle connections, by the bench that measures 10,000 of them, with fewer and a bound in
/// proportion. Before, a connection kept the buffers of the largest burst that it had sent.
/// </summary>
[Collection("alone")]
public sealed class IdleConnectionsTests
{
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(3);

    [PlatformFact("LINUX")]
    public Task They_cost_little_at_each_door() => RunAsync("--connections", "500");

    [PlatformFact("LINUX")]
    public Task They_keep_nothing_of_what_they_have_done() =>
        RunAsync("--connections", "500", "--doors", "tcp,resp", "--burst-bytes", "200000");

    private static async Task RunAsync(params string[] arguments)
    {
        var program = Path.Combine(Repository.Root, "bench", "Kvs.Bench", "bin", Repository.Configuration, "net10.0", "kvs-bench");
        using var process = Process.Start(new ProcessStartInfo(program, ["idle", .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var late = new CancellationTokenSource(_limit);
        try
        {
            await process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }

        Assert.True(process.ExitCode == 0, await output + await error);
    }
}
