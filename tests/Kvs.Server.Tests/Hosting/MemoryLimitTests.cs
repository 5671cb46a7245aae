using System.Globalization;
using System.Text.RegularExpressions;
using Kvs.Core.Client;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.TestKit;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Server.Tests.Hosting;

/// <summary>A real kvs-server with little memory, filled until it refuses more.</summary>
public sealed class MemoryLimitTests
{
    private const long MiB = 1024 * 1024;
    private const int BatchKeys = 2_000;
    private static readonly KvsClientOptions _once = new() { Retry = false };

    [PlatformFact("LINUX")]
    public async Task A_full_server_refuses_new_keys_and_goes_on_within_its_limit()
    {
        using var directory = new TemporaryDirectory();
        using var server = await ServerProcess.StartAsync(
            directory.FullPath, "--memory-limit", "192MiB", "--durability", "os", "--history-bytes", "0");
        Assert.Contains("memory: 192 MiB", server.Errors, StringComparison.Ordinal);
        await using var client = await KvsClient.ConnectAsync(server.Address, _once);
        await FillAndEmptyAsync(
            client, KeyBytesOf(server.Errors), () => Assert.InRange(ProcessStatus.AnonymousBytes(server.Id), 16 * MiB, 192 * MiB));
    }

    [MemoryGroupFact]
    public async Task A_full_server_lives_within_the_memory_of_its_container()
    {
        using var group = MemoryGroup.Create(256 * MiB);
        using var directory = new TemporaryDirectory();
        using (var server = ServerProcess.StartBy(
            directory.FullPath, group.Command, "--addr", "127.0.0.1:0", "--durability", "os", "--history-bytes", "0"))
        {
            var port = await server.PortAsync();
            Assert.Contains("memory: 224 MiB", server.Errors, StringComparison.Ordinal);
            await using var client = await KvsClient.ConnectAsync($"127.0.0.1:{port}", _once);
            await FillAndEmptyAsync(client, KeyBytesOf(server.Errors), () => Assert.Equal(0, group.Kills));
        }
    }

    [PlatformFact("LINUX")]
    public async Task A_server_says_when_it_may_open_too_few_files_for_its_connections()
    {
        using var directory = new TemporaryDirectory();
        using var server = ServerProcess.StartBy(
            directory.FullPath, ["sh", "-c", "ulimit -n 700 && exec \"$@\"", "sh"],
            "--addr", "127.0.0.1:0", "--engine", "memory", "--connections-max", "300");
        await server.PortAsync();
        Assert.Contains("only 700 files may be open (ulimit -n): connections-max 300 needs 812", server.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("192MiB", "--queued-bytes-max", "100MiB", "queued-bytes-max")]
    [InlineData("100MiB", "--log-level", "debug", "192MiB")]
    public async Task A_limit_that_is_too_small_for_the_others_is_refused(string limit, string flag, string text, string named)
    {
        using var directory = new TemporaryDirectory();
        using var server = ServerProcess.Start(directory.FullPath, "--memory-limit", limit, flag, text);
        var (exitCode, _, errors) = await server.ExitAsync();
        Assert.Equal(2, exitCode);
        Assert.Contains(named, errors, StringComparison.Ordinal);
    }

    // The rest of the limit is for requests, which there are few of here: too many keys would not be seen by the whole alone.
    private static long KeyBytesOf(string log)
    {
        var told = Regex.Match(log, @"(?<=of which )\d+(?= for keys)", RegexOptions.CultureInvariant);
        return (long.Parse(told.ValueSpan, CultureInfo.InvariantCulture) + 1) * MiB; // in whole MiB
    }

    private static async Task FillAndEmptyAsync(KvsClient client, long keyBytesMax, Action check)
    {
        var (batches, refused) = await FillAsync(client);
        Assert.Equal((ErrorCode.Overloaded, WriteOutcome.NotApplied), (refused.Code, refused.Outcome));
        check();

        // Full: what is there can be read, overwritten and removed.
        Assert.NotNull(await client.GetAsync(KeyOf(0, 0)));
        Assert.True((await client.SetAsync(KeyOf(0, 0), "again")).Applied);
        Assert.Equal(batches * BatchKeys, await client.CountAsync());
        var full = await client.StatsAsync();
        Assert.True(full.IndexBytesLive > full.IndexBytesMax * 9 / 10, $"{full.IndexBytesLive} of {full.IndexBytesMax}");
        Assert.InRange(full.IndexBytes, keyBytesMax / 2, keyBytesMax);
        for (var batch = 0; batch < batches; batch++)
        {
            await client.ApplyAsync(BatchOf(batch, static (keys, key) => keys.Remove(key)));
        }

        await client.CompactAsync();
        Assert.True((await client.SetAsync("new", "x")).Applied);
        var (again, _) = await FillAsync(client);
        Assert.InRange(again, batches * 9 / 10, batches * 11 / 10); // what was given back is used again
        check();
    }

    private static async Task<(int Batches, KvsException Refused)> FillAsync(KvsClient client)
    {
        for (var batch = 0; batch < 5_000; batch++)
        {
            try
            {
                await client.ApplyAsync(BatchOf(batch, static (keys, key) => keys.Set(key, "v")));
            }
            catch (KvsException refused)
            {
                return (batch, refused);
            }
        }

        throw new InvalidOperationException("Ten million keys were taken.");
    }

    private static KvsBatch BatchOf(int batch, Action<KvsBatch, string> add)
    {
        var keys = new KvsBatch();
        for (var i = 0; i < BatchKeys; i++)
        {
            add(keys, KeyOf(batch, i));
        }

        return keys;
    }

    private static string KeyOf(int batch, int i) => $"{(uint)((batch * BatchKeys) + i) * 2654435761u:x8}{batch:x8}";
}
