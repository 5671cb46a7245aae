using Kvs.TestKit;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Server.Tests.Doors.Resp;

/// <summary>Stock clients against a real server process.</summary>
public sealed class ClientTests
{
    [ToolFact("redis-cli")]
    public Task Redis_cli_works() => WithServerAsync(async port =>
    {
        Assert.Equal("OK", await RunAsync("redis-cli", ["-p", port, "set", "user:1", "Ada"]));
        Assert.Equal("Ada", await RunAsync("redis-cli", ["-p", port, "-3", "get", "user:1"]));
        Assert.Equal("user:1", await RunAsync("redis-cli", ["-p", port, "--scan", "--pattern", "user:*"]));
        Assert.Equal("1\n2", await RunAsync("redis-cli", ["-p", port], "incr n\nincr n\n"));
        Assert.Contains("errors: 0, replies: 2", await RunAsync("redis-cli", ["-p", port, "--pipe"], "SET a 1\r\nSET b 2\r\n"));
        Assert.Contains("redis_version:7.0.0", await RunAsync("redis-cli", ["-p", port, "info", "server"]));
    });

    [ToolFact("redis-benchmark")]
    public Task Redis_benchmark_ends_well() => WithServerAsync(async port =>
    {
        var output = await RunAsync(
            "redis-benchmark", ["-p", port, "-t", "ping,set,get,incr,mset", "-n", "2000", "-P", "16", "-q"]);
        foreach (var name in (string[])["PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "MSET (10 keys)"])
        {
            Assert.Contains($"{name}: ", output);
        }

        Assert.DoesNotContain("WARNING", output);
    });

    [ClientsFact]
    public Task Node_redis_works() => RunScriptAsync("redis.mjs");

    [ClientsFact]
    public Task Ioredis_works() => RunScriptAsync("ioredis.mjs");

    private static Task RunScriptAsync(string script) => WithServerAsync(async port =>
        Assert.EndsWith("all checks passed", await RunAsync("node", [Path.Combine(ClientsFactAttribute.Folder, script), port])));

    private static async Task WithServerAsync(Func<string, Task> test)
    {
        using var directory = new TemporaryDirectory();
        using var server = await ServerProcess.StartAsync(directory.FullPath, "--resp", "127.0.0.1:0", "--durability", "os");
        await test(server.AddressOf("resp").Split(':')[1]);
    }

    private static Task<string> RunAsync(string program, string[] arguments, string input = "") =>
        ToolProcess.OutputAsync(program, arguments, input);

    [AttributeUsage(AttributeTargets.Method)]
    private sealed class ClientsFactAttribute : FactAttribute
    {
        public ClientsFactAttribute()
        {
            if (!Directory.Exists(Path.Combine(Folder, "node_modules")))
            {
                Skip = "Needs npm ci in tests/clients.";
            }
        }

        internal static string Folder { get; } = Path.Combine(Repository.Root, "tests", "clients");
    }
}
