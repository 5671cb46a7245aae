using System.Globalization;
using Kvs.Core.Client;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.TestKit;
using Kvs.TestKit.Processes;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Crash.Tests.RealProcess;

/// <summary>
/// A real kvs-server under a stream of writes, killed again and again by SIGKILL on one directory, while it compacts
/// too: no acknowledged write is lost, no batch is half there. <c>KVS_CRASH_ROUNDS</c> gives the rounds (20 if unset).
/// </summary>
/// <param name="output">Gets the figures.</param>
public sealed class KilledServerTests(ITestOutputHelper output)
{
    private const int Writers = 8;
    private const int AcknowledgedMax = 600;
    private static readonly TimeSpan s_roundMax = TimeSpan.FromMinutes(2);

    private static readonly int s_rounds =
        int.Parse(Environment.GetEnvironmentVariable("KVS_CRASH_ROUNDS") ?? "20", CultureInfo.InvariantCulture);

    [Fact]
    public Task Nothing_acknowledged_is_lost_by_killing_the_server() => TestSeed.RunAsync(async seed =>
    {
        using var directory = new TemporaryDirectory();
        var random = new Random(seed);
        var writers = Enumerable.Range(0, Writers).Select(i => new CrashWriter($"w{i}")).ToList();
        var compactions = 0L;
        for (var round = 0; round < s_rounds; round++)
        {
            using var server = await StartAsync(directory);
            await using var client = await KvsClient.ConnectAsync(server.Address, new KvsClientOptions { Retry = false });
            await CheckAsync(writers, client, $"Round {round}", server);
            await WriteAndKillAsync(writers, client, server, random.Next(1, AcknowledgedMax), compacts: round % 2 == 1);
            compactions += round % 2;
        }

        using var last = await StartAsync(directory);
        await using var reader = await KvsClient.ConnectAsync(last.Address);
        await CheckAsync(writers, reader, "At the end", last);
        var batches = writers.Sum(writer => writer.Acknowledged);
        output.WriteLine($"{s_rounds} rounds, {batches} batches, {compactions} rounds with compaction.");
    });

    private static Task<ServerProcess> StartAsync(TemporaryDirectory directory) =>
        ServerProcess.StartAsync(directory.FullPath, "--engine", "kvs", "--history-bytes", "0");

    private static async Task CheckAsync(List<CrashWriter> writers, KvsClient client, string when, ServerProcess server)
    {
        foreach (var writer in writers)
        {
            var finding = await writer.CheckAsync(client);
            Assert.True(finding is null, $"{when}: {finding}. The server said:{Environment.NewLine}{server.Errors}");
        }
    }

    // The kill comes at an acknowledgement chosen by seed, in the middle of everything else that is under way.
    private static async Task WriteAndKillAsync(
        List<CrashWriter> writers, KvsClient client, ServerProcess server, int killAfter, bool compacts)
    {
        var left = killAfter;
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Acknowledged()
        {
            if (Interlocked.Decrement(ref left) == 0)
            {
                reached.SetResult();
            }
        }

        var writing = Task.WhenAll(writers.Select(writer => writer.WriteUntilKilledAsync(client, Acknowledged)));
        var compacting = compacts ? CompactUntilKilledAsync(client) : Task.CompletedTask;
        await Task.WhenAny(reached.Task, writing).WaitAsync(s_roundMax);
        server.Kill();
        await writing.WaitAsync(s_roundMax);
        await compacting.WaitAsync(s_roundMax);
        Assert.True(reached.Task.IsCompleted, $"The writers stopped too early. The server said:\n{server.Errors}");
    }

    private static async Task CompactUntilKilledAsync(KvsClient client)
    {
        try
        {
            while (true)
            {
                await client.CompactAsync();
            }
        }
        catch (KvsException gone)
            when (gone.Code is ErrorCode.Unreachable or ErrorCode.OutcomeUnknown)
        {
        }
    }
}
