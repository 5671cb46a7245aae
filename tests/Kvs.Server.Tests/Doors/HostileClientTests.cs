using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Server.Doors;
using Kvs.Server.Doors.Tcp;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Server.Tests.Doors;

/// <summary>What clients can do wrong: each gets an error frame and a closed connection, and the rest go on.</summary>
public sealed class HostileClientTests
{
    [Fact]
    public async Task Garbage_before_the_handshake_gets_an_error_frame_and_a_close()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectRawAsync(server.Port);
        await client.SendRawAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        Assert.Equal(ErrorCode.FrameTooLarge, await ReadClosingAsync(client, id: BitConverter.ToUInt32("TP/1"u8)));
        await AssertServesAsync(server);
    }

    [Fact]
    public async Task Random_bytes_behind_the_handshake_never_hang_or_break_the_server()
    {
        await using var server = DoorFixture.Open(
            DoorFixture.Options with { FrameTimeout = TimeSpan.FromMilliseconds(300) });
        await TestSeed.RunAsync(async seed =>
        {
            var random = new Random(seed);
            for (var i = 0; i < 40; i++)
            {
                using var client = await WireClient.ConnectAsync(server.Port);
                var bytes = new byte[random.Next(4, 400)];
                random.NextBytes(bytes);
                bytes[2] = bytes[3] = 0; // often a length that can be
                await client.SendRawAsync(bytes);
                client.FinishSending();
                await client.WaitForCloseAsync();
            }
        });
        await AssertServesAsync(server);
    }

    [Fact]
    public async Task A_frame_over_the_limit_is_refused_before_it_has_arrived()
    {
        await using var server = DoorFixture.Open(DoorFixture.Options with { FrameBytesMax = 10_000 });
        using var client = await WireClient.ConnectAsync(server.Port);
        await client.Get(2, "a").Set(3, "a", new string('x', 10_000)).SendAsync();
        Assert.Null(await client.ReadValueAsync(2));
        Assert.Equal(ErrorCode.FrameTooLarge, await ReadClosingAsync(client, id: 3));
        await AssertServesAsync(server);
    }

    [Fact]
    public async Task An_unknown_version_is_told_which_ones_are_known()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectRawAsync(server.Port);
        await client.Write(target => (WireClient.NewHello() with { VersionMin = 9, VersionMax = 12 }).Write(
            target, 1)).SendAsync();
        Assert.Equal(ErrorCode.UnsupportedVersion, await ReadClosingAsync(client, id: 1));
    }

    [Fact]
    public async Task An_unknown_opcode_closes_the_connection_behind_the_answers_of_what_came_before()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port);
        await client.Set(2, "a", "1").Empty(3, (Opcode)0x3F).Get(4, "a").SendAsync();
        await client.ReadAppliedAsync(2);
        Assert.Equal(ErrorCode.UnknownOpcode, await ReadClosingAsync(client, id: 3));
    }

    [Fact]
    public async Task Half_a_frame_that_stalls_is_ended_and_the_rest_go_on()
    {
        await using var server = DoorFixture.Open(
            DoorFixture.Options with { FrameTimeout = TimeSpan.FromMilliseconds(200) });
        using var stalled = await WireClient.ConnectAsync(server.Port);
        var frame = stalled.Set(2, "a", "value").TakeOutgoing();
        await stalled.SendRawAsync(frame.AsMemory(0, frame.Length / 2));
        await AssertServesAsync(server);
        Assert.Equal(ErrorCode.DeadlineExceeded, await ReadClosingAsync(stalled));
    }

    [Fact]
    public async Task A_frame_that_trickles_in_does_not_begin_its_time_limit_anew_with_each_byte()
    {
        await using var server = DoorFixture.Open(
            DoorFixture.Options with { FrameTimeout = TimeSpan.FromMilliseconds(300) });
        using var slow = await WireClient.ConnectAsync(server.Port);
        var frame = slow.Set(2, "a", new string('x', 3000)).TakeOutgoing();
        var ended = ReadClosingAsync(slow);
        for (var i = 0; i < frame.Length && !ended.IsCompleted; i++)
        {
            await slow.SendRawAsync(frame.AsMemory(i, 1));
            await Task.WhenAny(ended, Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System));
        }

        Assert.Equal(ErrorCode.DeadlineExceeded, await ended);
    }

    [Fact]
    public async Task A_connection_without_a_handshake_is_ended()
    {
        await using var server = DoorFixture.Open(
            DoorFixture.Options with { FrameTimeout = TimeSpan.FromMilliseconds(100) });
        using var silent = await WireClient.ConnectRawAsync(server.Port);
        Assert.Equal(ErrorCode.DeadlineExceeded, await ReadClosingAsync(silent));
    }

    [Fact]
    public async Task A_client_that_never_reads_is_ended_and_the_rest_go_on()
    {
        await using var server = DoorFixture.Open(
            DoorFixture.Options with { SendTimeout = TimeSpan.FromMilliseconds(300) });
        using var deaf = await WireClient.ConnectAsync(server.Port, receiveBytes: 4096);
        await deaf.Set(2, "big", new string('x', 4 * 1024 * 1024)).SendAsync();
        await deaf.ReadAppliedAsync(2);
        for (var i = 0u; i < 20; i++)
        {
            deaf.Get(i, "big");
        }

        await deaf.SendAsync();
        await AssertServesAsync(server);
        await Until.HoldsAsync(() => server.Dispatcher.Info().Connections == 0);
    }

    [Fact]
    public async Task Large_frames_that_stall_do_not_keep_others_from_writing()
    {
        await using var server = DoorFixture.Open(
            DoorFixture.Options with { FrameTimeout = TimeSpan.FromSeconds(60) },
            budgets: DoorLimits.Default with { ReceiveBytesMax = 1024 * 1024 });
        var stalled = new List<WireClient>();
        for (var i = 0; i < 4; i++)
        {
            var client = await WireClient.ConnectAsync(server.Port);
            stalled.Add(client);
            var frame = client.Set(2, "a", new string('x', 2 * 1024 * 1024)).TakeOutgoing();
            await client.SendRawAsync(frame.AsMemory(0, 700 * 1024));
        }

        await Until.HoldsAsync(() => server.Door.Budgets.LargeRequests.Held > 512 * 1024);
        await AssertServesAsync(server);
        stalled.ForEach(client => client.Dispose());
        await Until.HoldsAsync(() => server.Door.Budgets.LargeRequests.Held == 0);
    }

    /// <summary>
    /// Each grew as its bytes came, and held what it had while it waited for more: two that had half of the budget each waited
    /// for each other for ever, and everybody with a large frame behind them.
    /// </summary>
    [Fact]
    public async Task Large_frames_that_come_together_do_not_wait_for_each_other()
    {
        await using var server = DoorFixture.Open(budgets: DoorLimits.Default with { ReceiveBytesMax = 2 * 1024 * 1024 });
        await Task.WhenAll(Enumerable.Range(0, 6).Select(async _ =>
        {
            using var client = await WireClient.ConnectAsync(server.Port);
            for (var id = 2u; id < 12; id++)
            {
                await client.Set(id, "a", new string('x', 1_500_000)).SendAsync();
                await client.ReadAppliedAsync(id);
            }
        }));
        await Until.HoldsAsync(() => server.Door.Budgets.LargeRequests.Held == 0);
    }

    /// <summary>
    /// A session that had large bursts gets the room of one at its first byte: it kept it while it waited for the room of the
    /// large frame that this byte began, and a few of them kept each other out.
    /// </summary>
    [Fact]
    public async Task Large_frames_whose_first_bytes_got_room_for_a_burst_do_not_wait_for_each_other()
    {
        await using var server = DoorFixture.Open(budgets: DoorLimits.Default with { ReceiveBytesMax = 2 * 1024 * 1024 });
        using var first = await WireClient.ConnectAsync(server.Port);
        using var second = await WireClient.ConnectAsync(server.Port);
        using var third = await WireClient.ConnectAsync(server.Port);
        WireClient[] clients = [first, second, third];
        var rests = new List<Memory<byte>>();
        foreach (var client in clients)
        {
            await client.Set(2, "a", new string('x', 1_500_000)).SendAsync();
            await client.ReadAppliedAsync(2);
        }

        await Until.HoldsAsync(() => server.Door.Budgets.LargeRequests.Held == 0);
        foreach (var client in clients)
        {
            var before = server.Door.Budgets.LargeRequests.Held;
            var frame = client.Set(3, "a", new string('x', 1_500_000)).TakeOutgoing();
            await client.SendRawAsync(frame.AsMemory(0, 1));
            rests.Add(frame.AsMemory(1));
            await Until.HoldsAsync(() => server.Door.Budgets.LargeRequests.Held > before + (128 * 1024));
        }

        await Task.WhenAll(clients.Zip(rests, async (client, rest) =>
        {
            await client.SendRawAsync(rest);
            await client.ReadAppliedAsync(3);
        }));
    }

    [Fact]
    public async Task A_large_frame_for_which_there_is_no_room_for_long_is_told_so()
    {
        await using var server = DoorFixture.Open(
            DoorFixture.Options with { FrameTimeout = TimeSpan.FromSeconds(60) },
            budgets: DoorLimits.Default with { ReceiveBytesMax = 1024 * 1024 });
        using var stalled = await WireClient.ConnectAsync(server.Port);
        var frame = stalled.Set(2, "a", new string('x', 1_000_000)).TakeOutgoing();
        await stalled.SendRawAsync(frame.AsMemory(0, 700 * 1024));
        await Until.HoldsAsync(() => server.Door.Budgets.LargeRequests.Held > 512 * 1024);
        using var other = await WireClient.ConnectAsync(server.Port);
        await other.Set(2, "a", new string('x', 700_000)).SendAsync();
        Assert.Equal(ErrorCode.Overloaded, await ReadClosingAsync(other));
    }

    [Fact]
    public async Task One_connection_too_many_is_told_so_and_there_is_room_again_when_one_leaves()
    {
        await using var server = DoorFixture.Open(DoorFixture.Options with { ConnectionsMax = 2 });
        var first = await WireClient.ConnectAsync(server.Port);
        using var second = await WireClient.ConnectAsync(server.Port);
        using var third = await WireClient.ConnectRawAsync(server.Port);
        await third.Write(target => WireClient.NewHello().Write(target, 1)).SendAsync();
        Assert.Equal(ErrorCode.TooManyConnections, await ReadClosingAsync(third));
        first.Dispose();
        await Until.HoldsAsync(() => server.Dispatcher.Info().Connections == 1);
        await AssertServesAsync(server);
    }

    [Fact]
    public async Task An_idle_connection_is_ended_after_its_time_and_never_without_one()
    {
        await using var strict = DoorFixture.Open(
            DoorFixture.Options with { IdleTimeout = TimeSpan.FromMilliseconds(150) });
        await using var patient = DoorFixture.Open(
            DoorFixture.Options with { FrameTimeout = TimeSpan.FromMilliseconds(50) });
        using var kept = await WireClient.ConnectAsync(patient.Port);
        using var ended = await WireClient.ConnectAsync(strict.Port);
        Assert.Equal(ErrorCode.DeadlineExceeded, await ReadClosingAsync(ended));
        await kept.Empty(2, Opcode.Ping).SendAsync();
        await kept.ReadCodeAsync(2, ErrorCode.None);
    }

    [Fact]
    public async Task A_thousand_idle_connections_do_not_slow_fifty_busy_ones_down()
    {
        await using var server = DoorFixture.Open();
        var idle = new List<WireClient>();
        for (var i = 0; i < 1_000; i++)
        {
            idle.Add(await WireClient.ConnectAsync(server.Port));
        }

        await Task.WhenAll(Enumerable.Range(0, 50).Select(id => WriteAndReadAsync(server, id, rounds: 40)));
        await Until.HoldsAsync(() => server.Dispatcher.Info().Connections == 1_000);
        idle.ForEach(client => client.Dispose());
        await Until.HoldsAsync(() => server.Dispatcher.Info().Connections == 0);
    }

    private static async Task WriteAndReadAsync(DoorFixture server, int id, int rounds)
    {
        using var client = await WireClient.ConnectAsync(server.Port);
        for (var i = 1u; i <= rounds; i++)
        {
            await client.Set(i, $"key{id}", $"value{i}").Get(i, $"key{id}").SendAsync();
            await client.ReadAppliedAsync(i);
            Assert.Equal($"value{i}", await client.ReadValueAsync(i));
        }
    }

    /// <summary>Reads the last frame, and that nothing but the end follows it.</summary>
    private static async Task<ErrorCode> ReadClosingAsync(WireClient client, uint id = 0)
    {
        var last = await client.ReadAsync();
        Assert.Equal((Opcode.Error, id), (last.Opcode, last.RequestId));
        var error = WireClient.ErrorOf(last);
        Assert.Equal(WriteOutcome.NotApplied, error.Outcome);
        Assert.Null(await client.TryReadAsync());
        return error.Code;
    }

    private static Task AssertServesAsync(DoorFixture server) => WriteAndReadAsync(server, 0, rounds: 1);
}
