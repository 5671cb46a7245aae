using System.Security.Cryptography;
using Kvs.Core.Operations;
using Kvs.Server.Tests.Doors;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Server.Tests.Hosting;

/// <summary>The commands that work on a directory which no server has open.</summary>
public sealed class OfflineCommandTests
{
    [Fact]
    public async Task A_sound_store_is_checked_with_0_and_its_figures_are_printed()
    {
        using var directory = await NewStoreAsync();
        var check = await RunAsync(directory, "check");
        Assert.Equal(0, check.ExitCode);
        Assert.Contains("sound", check.Output, StringComparison.Ordinal);
        var stats = await RunAsync(directory, "stats");
        Assert.Equal(0, stats.ExitCode);
        Assert.Contains("keys         3", stats.Output, StringComparison.Ordinal);
    }

    // It opened the store: an epoch began, the tail that the kill had left was copied and the log went on elsewhere.
    [Fact]
    public async Task A_look_at_the_figures_changes_no_byte_of_a_killed_store()
    {
        using var directory = await NewStoreAsync();
        var before = Content(directory);
        Assert.Equal(0, (await RunAsync(directory, "stats")).ExitCode);
        Assert.Equal(0, (await RunAsync(directory, "check")).ExitCode);
        Assert.Equal(before, Content(directory));
    }

    [Fact]
    public async Task A_flipped_bit_is_found_with_1_and_repair_leaves_a_store_that_opens()
    {
        using var directory = await NewStoreAsync();
        var data = Path.Combine(directory.FullPath, "kvs-data");
        var log = Directory.GetFiles(data, "*.log").First(
            path => File.ReadAllText(path).Contains("value-of-two", StringComparison.Ordinal));
        var bytes = await File.ReadAllBytesAsync(log);
        bytes[bytes.AsSpan().IndexOf("value-of-two"u8)] ^= 1;
        await File.WriteAllBytesAsync(log, bytes);

        var check = await RunAsync(directory, "check");
        Assert.Equal(1, check.ExitCode);
        Assert.Contains(log, check.Output, StringComparison.Ordinal);
        var repair = await RunAsync(directory, "repair");
        Assert.Equal(1, repair.ExitCode);
        Assert.Equal(0, (await RunAsync(directory, "check")).ExitCode);
        using var server = ServerProcess.Start(directory.FullPath, "--addr", "127.0.0.1:0");
        using var client = await WireClient.ConnectAsync(await server.PortAsync());
        await client.Get(1, "one").SendAsync();
        Assert.Equal("value-of-one", await client.ReadValueAsync(1));
    }

    [Theory]
    [InlineData("")]
    [InlineData("sqlite")]
    public async Task A_marker_that_is_damaged_hides_nothing_and_repair_mends_it(string text)
    {
        using var directory = await NewStoreAsync();
        var data = Path.Combine(directory.FullPath, "kvs-data");
        var marker = Path.Combine(data, "engine");
        await File.WriteAllTextAsync(marker, text);
        using (var refused = ServerProcess.Start(directory.FullPath, "--addr", "127.0.0.1:0"))
        {
            var (exitCode, _, errors) = await refused.ExitAsync();
            Assert.Equal(1, exitCode);
            Assert.Contains("'kvs'", errors, StringComparison.Ordinal);
            Assert.Contains(marker, errors, StringComparison.Ordinal);
            Assert.Empty(Directory.GetFiles(data, "*.sqlite*"));
        }

        Assert.Equal(1, (await RunAsync(directory, "check")).ExitCode);
        var repair = await RunAsync(directory, "repair");
        Assert.Equal(0, repair.ExitCode);
        Assert.Contains($"note: {marker} at 0", repair.Output, StringComparison.Ordinal);
        Assert.Equal("kvs", await File.ReadAllTextAsync(marker));
        Assert.Contains("keys         3", (await RunAsync(directory, "stats")).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("check")]
    [InlineData("repair")]
    [InlineData("stats")]
    public async Task Where_no_store_is_none_is_made(string command)
    {
        using var directory = new TemporaryDirectory();
        var run = await RunAsync(directory, command);
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Contains("no store", run.Errors, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(directory.FullPath));
    }

    [Theory]
    [InlineData("check")]
    [InlineData("repair")]
    public async Task A_store_of_another_engine_is_left_to_the_tools_of_that_engine(string command)
    {
        using var directory = new TemporaryDirectory();
        using (var server = ServerProcess.Start(directory.FullPath, "--addr", "127.0.0.1:0", "--engine", "sqlite"))
        {
            await server.PortAsync();
        }

        var run = await RunAsync(directory, command);
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Contains($"'{command}' is for engine 'kvs'", run.Errors, StringComparison.Ordinal);
        Assert.Contains("integrity_check", run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("check")]
    [InlineData("stats")]
    public async Task A_store_that_a_server_has_open_is_left_alone(string command)
    {
        using var directory = new TemporaryDirectory();
        using var server = ServerProcess.Start(directory.FullPath, "--addr", "127.0.0.1:0");
        await server.PortAsync();
        var run = await RunAsync(directory, command);
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.StartsWith("kvs-server: ", run.Errors, StringComparison.Ordinal);
    }

    private static List<(string Name, DateTime Written, string Bytes)> Content(TemporaryDirectory directory) =>
    [
        .. Directory.GetFiles(Path.Combine(directory.FullPath, "kvs-data")).Order(StringComparer.Ordinal).Select(path =>
            (Path.GetFileName(path), File.GetLastWriteTimeUtc(path), Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path))))),
    ];

    /// <summary>Three keys, each synced on its own; the server was killed.</summary>
    private static async Task<TemporaryDirectory> NewStoreAsync()
    {
        var directory = new TemporaryDirectory();
        using var server = ServerProcess.Start(directory.FullPath, "--addr", "127.0.0.1:0");
        using var client = await WireClient.ConnectAsync(await server.PortAsync());
        foreach (var name in new[] { "one", "two", "three" })
        {
            await client.Write(1, Operation.Set(name, $"value-of-{name}", null)).SendAsync();
            await client.ReadAppliedAsync(1);
        }

        return directory;
    }

    private static async Task<(int ExitCode, string Output, string Errors)> RunAsync(
        TemporaryDirectory directory, string command)
    {
        using var process = ServerProcess.Start(directory.FullPath, command, "--data-dir", "kvs-data");
        return await process.ExitAsync();
    }
}
