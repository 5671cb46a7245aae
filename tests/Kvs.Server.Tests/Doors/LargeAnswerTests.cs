using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;
using Kvs.Server.Doors;
using Kvs.Server.Doors.Tcp;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Server.Tests.Doors;

/// <summary>
/// Memory for answers is bounded: by a little for each connection, and by one budget for all of them together.
/// </summary>
public sealed class LargeAnswerTests
{
    // Larger than what the operating system takes for a client that reads nothing, so that it shows.
    private const int Large = 14 * 1024 * 1024;
    private const int Budget = 16 * 1024 * 1024;
    private static readonly string _large = new('x', Large);

    [Fact]
    public async Task Reads_behind_a_write_hold_no_more_values_than_a_burst_may_and_keep_their_order()
    {
        // A burst of reads of one large value behind a write used to collect all of them in the work item, on the
        // engine's thread: some bytes of requests cost any amount of memory, and at 2 GiB the whole store its writes.
        var engine = new GatedEngine { IsOpen = true };
        await using var server = DoorFixture.Open(DoorFixture.Options with { SessionBytesMax = 8192 }, engine);
        using var client = await WireClient.ConnectAsync(server.Port);
        var values = new[] { new string('1', 3000), new string('2', 7000), new string('3', 7500) };
        client.Set(1, "small", "s");
        for (var i = 0; i < values.Length; i++)
        {
            var id = 10u * (uint)(i + 1);
            client.Set(id, "k", values[i]).Get(id + 1, "k").Empty(id + 2, Opcode.Ping).Get(id + 3, "k").Get(id + 4, "small");
        }

        await client.Set(100, "k", "end").Get(101, "k").SendAsync();
        await client.ReadAppliedAsync(1);
        for (var i = 0; i < values.Length; i++)
        {
            var id = 10u * (uint)(i + 1);
            await client.ReadAppliedAsync(id);
            Assert.Equal(values[i], await client.ReadValueAsync(id + 1));
            await client.ReadCodeAsync(id + 2, ErrorCode.None);
            Assert.Equal(values[i], await client.ReadValueAsync(id + 3));
            Assert.Equal("s", await client.ReadValueAsync(id + 4));
        }

        await client.ReadAppliedAsync(100);
        Assert.Equal("end", await client.ReadValueAsync(101));
        Assert.InRange(engine.ResultBytesSeen, 1, 8192);
        Assert.Equal(0, server.Door.Budgets.Queue.Held);
    }

    [Fact]
    public async Task A_previous_value_that_a_burst_may_not_hold_is_given_back_in_its_turn()
    {
        await using var server = DoorFixture.Open(DoorFixture.Options with { SessionBytesMax = 4096 });
        using var client = await WireClient.ConnectAsync(server.Port);
        await client.Set(2, "k", _large).SendAsync();
        await client.ReadAppliedAsync(2);
        var swap = Operation.Set("k", "new", new SetOptions { ReturnPrevious = true });
        await client.Set(3, "a", "1").Write(4, swap).Write(5, swap).Get(6, "k").SendAsync();

        await client.ReadAppliedAsync(3);
        Assert.Equal(Large, await ReadPreviousAsync(client, 4));
        Assert.Equal("new".Length, await ReadPreviousAsync(client, 5));
        Assert.Equal("new", await client.ReadValueAsync(6));
        await Until.HoldsAsync(() => server.Door.Budgets.LargeAnswers.Held == 0);
    }

    [Fact]
    public async Task A_write_whose_answer_the_client_would_not_take_is_not_applied()
    {
        await using var server = DoorFixture.Open(DoorFixture.Options with { SessionBytesMax = 4096 });
        using var client = await WireClient.ConnectAsync(server.Port, frameBytesMax: 10_000);
        await client.Set(2, "k", new string('x', 20_000)).SendAsync();
        await client.ReadAppliedAsync(2);
        var swap = Operation.Set("k", "new", new SetOptions { ReturnPrevious = true });
        await client.Set(3, "a", "1").Write(4, swap).Set(5, "b", "2").Get(6, "b").SendAsync();

        await client.ReadAppliedAsync(3);
        var refused = WireClient.ErrorOf(await client.ReadCodeAsync(4, ErrorCode.ValueTooLarge));
        Assert.Equal(WriteOutcome.NotApplied, refused.Outcome);
        await client.ReadAppliedAsync(5);
        Assert.Equal("2", await client.ReadValueAsync(6));
        await client.Write(7, new Operation { Kind = OperationKind.Stat, Key = "k"u8.ToArray() }).SendAsync();
        Assert.Equal(20_000, (await ReadResultAsync(client, 7)).ValueLength);
    }

    [Fact]
    public async Task Large_values_are_answered_within_one_budget_and_small_ones_beside_it()
    {
        await using var server = await OpenWithLargeValueAsync(TimeSpan.FromSeconds(60));
        var clients = new List<WireClient>();
        for (var i = 0; i < 4; i++)
        {
            clients.Add(await WireClient.ConnectAsync(server.Port, receiveBytes: 4096));
            await clients[i].Get(2, "large").SendAsync();
        }

        await Until.HoldsAsync(() => server.Door.Budgets.LargeAnswers.Held > 0);
        using var other = await WireClient.ConnectAsync(server.Port);
        await other.Get(2, "small").Set(3, "small", "t").Get(4, "small").SendAsync();
        Assert.Equal("s", await other.ReadValueAsync(2));
        await other.ReadAppliedAsync(3);
        Assert.Equal("t", await other.ReadValueAsync(4));
        Assert.InRange(server.Door.Budgets.LargeAnswers.Held, Large, Budget); // that of one of them

        // Whoever of them has it, all must read: nobody else is answered before it.
        var answers = await Task.WhenAll(clients.Select(client => client.ReadValueAsync(2)));
        Assert.All(answers, answer => Assert.Equal(Large, answer!.Length));
        await Until.HoldsAsync(() => server.Door.Budgets.LargeAnswers.Held == 0);
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task A_client_that_takes_nothing_loses_its_share_of_the_budget_with_its_connection()
    {
        await using var server = await OpenWithLargeValueAsync(TimeSpan.FromMilliseconds(300));
        using var deaf = await WireClient.ConnectAsync(server.Port, receiveBytes: 4096);
        for (var i = 0u; i < 20; i++)
        {
            deaf.Get(i, "large");
        }

        await deaf.SendAsync();
        await Until.HoldsAsync(() => server.Door.Budgets.LargeAnswers.Held > 0);
        using var client = await WireClient.ConnectAsync(server.Port);
        await client.Get(2, "large").SendAsync();
        Assert.Equal(Large, (await client.ReadValueAsync(2))!.Length);
    }

    [Fact]
    public async Task Many_keys_pages_and_snapshot_reads_are_within_the_budget_too()
    {
        await using var server = await OpenWithLargeValueAsync(TimeSpan.FromSeconds(60));
        var scan = new ScanRequest { LimitBytes = Large };
        Action<FrameBuffer>[] requests =
        [
            target => RequestEncoder.WriteGetMany(target, 2, default, ["large"u8.ToArray(), "small"u8.ToArray()]),
            target => RequestEncoder.WriteScan(target, Opcode.ScanPage, 2, default, in scan),
            target => RequestEncoder.WriteScan(target, Opcode.Scan, 2, default, new ScanRequest { Credit = 9 }),
        ];
        foreach (var request in requests)
        {
            using var client = await WireClient.ConnectAsync(server.Port, receiveBytes: 4096);
            await client.Write(request).SendAsync();
            await Until.HoldsAsync(() => server.Door.Budgets.LargeAnswers.Held >= Large);
            Assert.Equal(ErrorCode.None, WireClient.CodeOf(await client.ReadAsync(), out var body));
            Assert.InRange(body.Length, Large, Budget);
        }

        await Until.HoldsAsync(() => server.Door.Budgets.LargeAnswers.Held == 0);
    }

    [Fact]
    public async Task A_stream_that_waits_for_credit_holds_nothing_of_the_budget()
    {
        await using var server = await OpenWithLargeValueAsync(TimeSpan.FromSeconds(60));
        using var client = await WireClient.ConnectAsync(server.Port);
        var scan = new ScanRequest { Credit = 1, ChunkBytes = 200_000 };
        await client.Write(target => RequestEncoder.WriteScan(target, Opcode.Scan, 2, default, in scan)).SendAsync();
        await client.ReadCodeAsync(2, ErrorCode.None);
        await Until.HoldsAsync(() => server.Door.Budgets.LargeAnswers.Held == 0);
        await client.Write(target => RequestEncoder.WriteCredit(target, 2, 5)).SendAsync();
        await client.ReadCodeAsync(2, ErrorCode.None);
        await Until.HoldsAsync(() => server.Door.Budgets.LargeAnswers.Held == 0);
    }

    [Fact]
    public async Task A_value_larger_than_the_whole_budget_is_answered_all_the_same()
    {
        await using var server = DoorFixture.Open(budgets: DoorLimits.Default with { AnswerBytesMax = 1024 });
        using var client = await WireClient.ConnectAsync(server.Port);
        await client.Set(2, "large", _large).Get(3, "large").Get(4, "large").SendAsync();
        await client.ReadAppliedAsync(2);
        Assert.Equal(Large, (await client.ReadValueAsync(3))!.Length);
        Assert.Equal(Large, (await client.ReadValueAsync(4))!.Length);
    }

    private static async Task<DoorFixture> OpenWithLargeValueAsync(TimeSpan sendTimeout)
    {
        var server = DoorFixture.Open(
            DoorFixture.Options with { SendTimeout = sendTimeout },
            budgets: DoorLimits.Default with { AnswerBytesMax = Budget });
        using var client = await WireClient.ConnectAsync(server.Port);
        await client.Set(2, "large", _large).Set(3, "small", "s").SendAsync();
        await client.ReadAppliedAsync(2);
        await client.ReadAppliedAsync(3);
        return server;
    }

    private static async Task<OperationResult> ReadResultAsync(WireClient client, uint id)
    {
        WireClient.CodeOf(await client.ReadCodeAsync(id, ErrorCode.None), out var body);
        Assert.True(ResponseDecoder.TryReadResult(body, out var result));
        return result;
    }

    private static async Task<int> ReadPreviousAsync(WireClient client, uint id)
    {
        WireClient.CodeOf(await client.ReadCodeAsync(id, ErrorCode.None), out var body);
        Assert.True(ResponseDecoder.TryReadWrite(body, out _, out var result));
        return result.ValueLength;
    }
}
