using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.TestKit;
using Kvs.TestKit.Device;
using Kvs.TestKit.Network;
using Xunit;

namespace Kvs.Server.Tests.Doors;

/// <summary>
/// Reads that wait for a disk leave the thread that serves all connections. In these tests that thread is the test's:
/// what it sends, the session goes on with before the send returns.
/// </summary>
public sealed class WaitingReadTests : IDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(20);

    private readonly MemoryTransport _network = new(isInline: true);
    private readonly ManualResetEventSlim _disk = new();
    private Thread? _socketThread; // Volatile; while it sends
    private bool _isWaiting; // Volatile
    private bool _heldUpOthers;

    public void Dispose() => _disk.Dispose();

    [Fact]
    public Task A_get_of_a_value_that_is_not_in_memory_holds_up_no_other_connection() => RunAsync(async () =>
    {
        var device = new SimulatedFileSystem();
        var machine = KvsEnvironment.Real() with { Files = device, MemoryBytes = 0 };
        var engine = await LogEngine.OpenAsync("/store", new LogEngineOptions(), machine, CancellationToken.None);
        await using var server = Open(engine);
        using var client = await WireClient.ConnectAsync(_network, server.Port);
        using var other = await WireClient.ConnectAsync(_network, server.Port);
        await client.Set(2, "k", "v").SendAsync();
        await client.ReadAppliedAsync(2);
        await WaitForInlineAnswersAsync(client);
        await WaitForInlineAnswersAsync(other);

        device.OnPageFault = _ => WaitForDisk();
        await SendAsync(client.Get(3, "k").Get(4, "none").Set(5, "k", "w").Get(6, "k"));
        await Until.HoldsAsync(() => Volatile.Read(ref _isWaiting));
        await AssertAnsweredInlineAsync(other.Empty(7, Opcode.Ping), 7);
        await other.Get(8, "none").Set(9, "other", "v").SendAsync();
        Assert.Null(await other.ReadValueAsync(8));
        await other.ReadAppliedAsync(9);

        device.OnPageFault = null;
        _disk.Set();
        Assert.Equal("v", await client.ReadValueAsync(3));
        Assert.Null(await client.ReadValueAsync(4));
        await client.ReadAppliedAsync(5);
        Assert.Equal("w", await client.ReadValueAsync(6));
        Assert.False(_heldUpOthers);
    });

    [Fact]
    public Task A_get_of_a_value_that_is_in_memory_is_answered_at_once_however_large_the_store_is() => RunAsync(async () =>
    {
        var machine = KvsEnvironment.Real() with { Files = new SimulatedFileSystem(), MemoryBytes = 0 };
        var engine = await LogEngine.OpenAsync("/store", new LogEngineOptions(), machine, CancellationToken.None);
        await using var server = Open(engine);
        using var client = await WireClient.ConnectAsync(_network, server.Port);
        await client.Set(2, "k", "v").SendAsync();
        await client.ReadAppliedAsync(2);
        await WaitForInlineAnswersAsync(client);
        await AssertAnsweredInlineAsync(client.Get(3, "k"), 3);
    });

    [Fact]
    public Task Reads_of_an_engine_that_reads_files_hold_up_no_other_connection() => RunAsync(async () =>
    {
        var engine = new GatedEngine { IsOpen = true, ReadsWait = true, BeforeWaitingRead = WaitForDisk };
        await using var server = Open(engine);
        using var client = await WireClient.ConnectAsync(_network, server.Port);
        using var other = await WireClient.ConnectAsync(_network, server.Port);
        await client.Set(2, "k", "v").SendAsync();
        await client.ReadAppliedAsync(2);
        await WaitForInlineAnswersAsync(client);
        await WaitForInlineAnswersAsync(other);

        var stat = new Operation { Kind = OperationKind.Stat, Key = "k"u8.ToArray() };
        await SendAsync(client.Write(3, stat).Get(4, "k").Set(5, "k", "w").Get(6, "k"));
        await Until.HoldsAsync(() => Volatile.Read(ref _isWaiting));
        await AssertAnsweredInlineAsync(other.Empty(7, Opcode.Ping), 7);

        _disk.Set();
        await client.ReadCodeAsync(3, ErrorCode.None);
        Assert.Equal("v", await client.ReadValueAsync(4));
        await client.ReadAppliedAsync(5);
        Assert.Equal("w", await client.ReadValueAsync(6));
        Assert.False(_heldUpOthers);
    });

    /// <summary>Without the context of the test, which would move what sessions go on with to other threads.</summary>
    private static Task RunAsync(Func<Task> test) => Task.Run(test);

    private DoorFixture Open(IKvEngine engine) => DoorFixture.Open(engine: engine, transport: _network);

    /// <summary>Sends, and runs what the session goes on with, as the thread that must not wait.</summary>
    private async Task SendAsync(WireClient client)
    {
        Volatile.Write(ref _socketThread, Thread.CurrentThread);
        var sent = client.SendAsync();
        Volatile.Write(ref _socketThread, null);
        await sent;
    }

    private void WaitForDisk()
    {
        Volatile.Write(ref _isWaiting, true);
        if (Volatile.Read(ref _socketThread) == Thread.CurrentThread)
        {
            _heldUpOthers = true;
            return;
        }

        Assert.True(_disk.Wait(_deadline));
    }

    /// <summary>A session that has just been busy on another thread waits for its next bytes a moment later.</summary>
    private static async Task WaitForInlineAnswersAsync(WireClient client)
    {
        while (true)
        {
            await client.Empty(1, Opcode.Ping).SendAsync();
            var answer = client.ReadCodeAsync(1, ErrorCode.None);
            if (answer.IsCompletedSuccessfully)
            {
                return;
            }

            await answer;
            await Task.Yield();
        }
    }

    private static async Task AssertAnsweredInlineAsync(WireClient client, uint id)
    {
        await client.SendAsync();
        var answer = client.ReadCodeAsync(id, ErrorCode.None);
        Assert.True(answer.IsCompletedSuccessfully);
    }
}
