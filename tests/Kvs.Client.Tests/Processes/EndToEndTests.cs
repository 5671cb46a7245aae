using System.Text;
using Kvs.Client.Tests.Harness;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Client.Tests.Processes;

/// <summary>The real client, the real protocol and the real server, each as the build left it.</summary>
public sealed class EndToEndTests
{
    [Theory]
    [InlineData("kvs")]
    [InlineData("memory")]
    [InlineData("sqlite")]
    public async Task The_access_sequence_of_the_course_holds(string engine)
    {
        using var folder = new TemporaryDirectory();
        using var server = await ServerProcess.StartAsync(folder.FullPath, "--engine", engine);
        Task<RunOutcome> Run(params string[] args) => ClientProcess.RunAsync([], [.. args, "--addr", server.Address]);

        Assert.Equal((0, "", ""), Parts(await Run("set", "key1", "value1")));
        Assert.Equal((0, "value1\n", ""), Parts(await Run("get", "key1")));
        Assert.Equal((0, "", ""), Parts(await Run("set", "key1", "value2")));
        Assert.Equal((0, "value2\n", ""), Parts(await Run("get", "key1")));
        Assert.Equal((0, "Key not found\n", ""), Parts(await Run("get", "key2")));
        Assert.Equal((1, "", "Key not found\n"), Parts(await Run("rm", "key2")));
        Assert.Equal((0, "", ""), Parts(await Run("set", "key2", "value3")));
        Assert.Equal((0, "", ""), Parts(await Run("rm", "key1")));
        Assert.Equal((0, "value3\n", ""), Parts(await Run("get", "key2")));
        Assert.Equal((0, "Key not found\n", ""), Parts(await Run("get", "key1")));
    }

    [Fact]
    public async Task Large_and_binary_values_survive_the_way_there_and_back()
    {
        using var folder = new TemporaryDirectory();
        using var server = await ServerProcess.StartAsync(folder.FullPath);
        var value = new byte[3_000_000];
        new Random(4711).NextBytes(value);
        Assert.Equal(0, (await ClientProcess.RunAsync(value, "set", "big", "-", "--addr", server.Address)).Code);
        Assert.Equal(
            value, (await ClientProcess.RunAsync([], "get", "big", "--raw", "--addr", server.Address)).OutBytes);
        var export = await ClientProcess.RunAsync([], "export", "--prefix", "b", "--addr", server.Address);
        Assert.Equal((0, ""), (export.Code, export.Err));
        Assert.Equal(0, (await ClientProcess.RunAsync([], "rm", "big", "--addr", server.Address)).Code);
        Assert.Equal(
            "imported 1 entry\n",
                (await ClientProcess.RunAsync(export.OutBytes, "import", "--addr", server.Address)).Out);
        Assert.Equal(
            value, (await ClientProcess.RunAsync([], "get", "big", "--raw", "--addr", server.Address)).OutBytes);
    }

    [Fact]
    public async Task Verify_compares_what_two_servers_have_stored()
    {
        using var folder = new TemporaryDirectory();
        var (first, second) = (Path.Combine(folder.FullPath, "first"), Path.Combine(folder.FullPath, "second"));
        Directory.CreateDirectory(first);
        using (var server = await ServerProcess.StartAsync(first))
        {
            var input = string.Concat(Enumerable.Range(0, 5_000).Select(i => $"set key{i} {i}\n"));
            var filled = await ClientProcess.RunAsync(Encoding.UTF8.GetBytes(input), "pipe", "--addr", server.Address);
            Assert.Equal(0, filled.Code);
        }

        foreach (var file in Directory.GetFiles(first, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(second, Path.GetRelativePath(first, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        using var a = await ServerProcess.StartAsync(first);
        using var b = await ServerProcess.StartAsync(second);
        string[] verify = ["cluster", "verify", a.Address, b.Address, "--addr", a.Address];
        Assert.Equal((0, "2 nodes, 5000 keys: no difference\n", ""), Parts(await ClientProcess.RunAsync([], verify)));

        Assert.Equal(0, (await ClientProcess.RunAsync([], "set", "key4711", "other", "--addr", b.Address)).Code);
        var outcome = await ClientProcess.RunAsync([], verify);
        Assert.NotEqual(0, outcome.Code);
        Assert.StartsWith("key4711: ", outcome.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_read_asks_for_the_position_that_a_write_told()
    {
        using var folder = new TemporaryDirectory();
        using var server = await ServerProcess.StartAsync(folder.FullPath);
        var set = await ClientProcess.RunAsync([], "set", "k", "v", "-o", "json", "--addr", server.Address);
        var token = Json.Line(set.Out).GetProperty("position").GetString()!;
        Task<RunOutcome> Get(string position) =>
            ClientProcess.RunAsync([], "get", "k", "--at-least", position, "--consistency", "stale", "--addr", server.Address);

        Assert.Equal((0, "v\n", ""), Parts(await Get(token)));
        Assert.Equal(5, (await Get(token[..^1] + "f1")).Code); // ahead
        Assert.Equal(5, (await Get("1-1")).Code); // of another history
    }

    [Fact]
    public async Task A_stream_of_operations_runs_pipelined()
    {
        using var folder = new TemporaryDirectory();
        using var server = await ServerProcess.StartAsync(folder.FullPath);
        var input = string.Concat(Enumerable.Range(0, 5_000).Select(i => $"set key{i} {i}\nget key{i}\n"));
        var outcome = await ClientProcess.RunAsync(
            Encoding.UTF8.GetBytes(input), "pipe", "--addr", server.Address);
        var results = string.Concat(Enumerable.Range(0, 5_000).Select(i => $"{i}\n"));
        Assert.Equal((0, results + "10000 operations: 10000 done, 0 failed\n", ""), Parts(outcome));
        Assert.Equal("5000\n", (await ClientProcess.RunAsync([], "count", "--addr", server.Address)).Out);
    }

    [Theory]
    [InlineData("kvs")]
    [InlineData("memory")]
    public async Task A_whole_store_is_listed_both_ways_exported_and_imported(string engine)
    {
        using var folder = new TemporaryDirectory();
        using var source = await ServerProcess.StartAsync(folder.FullPath, "--engine", engine, "--data-dir", "source");
        using var target = await ServerProcess.StartAsync(folder.FullPath, "--engine", engine, "--data-dir", "target");
        Task<RunOutcome> Run(ServerProcess server, byte[] input, params string[] args) =>
            ClientProcess.RunAsync(input, [.. args, "--addr", server.Address]);
        var lines = Enumerable.Range(0, 3_000).Select(i => $"key{i:D4}\tvalue {i}\n").ToList();
        var sets = string.Concat(Enumerable.Range(0, lines.Count).Select(i => $"set key{i:D4} \"value {i}\"\n"));
        Assert.Equal(0, (await Run(source, Encoding.UTF8.GetBytes(sets), "pipe")).Code);

        Assert.Equal((0, string.Concat(lines), ""), Parts(await Run(source, [], "scan")));
        Assert.Equal((0, string.Concat(Enumerable.Reverse(lines)), ""), Parts(await Run(source, [], "scan", "--reverse")));
        var export = await Run(source, [], "export");
        Assert.Equal((0, ""), (export.Code, export.Err));
        Assert.Equal((0, "imported 3000 entries\n", ""), Parts(await Run(target, export.OutBytes, "import")));
        Assert.Equal((0, string.Concat(lines), ""), Parts(await Run(target, [], "scan")));
    }

    private static (int Code, string Out, string Err) Parts(RunOutcome outcome) =>
        (outcome.Code, outcome.Out, outcome.Err);
}
