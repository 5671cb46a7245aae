using Kvs.Core.Primitives;
using Kvs.Server.Doors;
using Kvs.Server.Doors.Sessions;
using Kvs.Server.Doors.Tcp;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Server.Tests.Doors;

/// <summary>What happens while the engine takes its time, and when the server stops.</summary>
public sealed class BackPressureTests
{
    [Fact]
    public async Task A_burst_is_one_item_and_nothing_of_the_connection_is_read_while_it_waits()
    {
        var engine = new GatedEngine();
        await using var server = DoorFixture.Open(engine: engine);
        using var client = await WireClient.ConnectAsync(server.Port);
        await client.Set(2, "a", "1").Set(3, "b", "2").Get(4, "a").SendAsync();
        await Until.HoldsAsync(() => engine.Waiting == 1);

        await client.Set(5, "c", "3").SendAsync();
        using var other = await WireClient.ConnectAsync(server.Port);
        await other.Get(2, "a").SendAsync();
        Assert.Null(await other.ReadValueAsync(2)); // others go on, and see nothing that is not committed
        Assert.Equal(1, engine.Waiting);

        engine.Release();
        await client.ReadAppliedAsync(2);
        await client.ReadAppliedAsync(3);
        Assert.Equal("1", await client.ReadValueAsync(4));
        await Until.HoldsAsync(() => engine.Waiting == 1);
        engine.Release();
        await client.ReadAppliedAsync(5);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(600, false)]
    public async Task The_engines_thread_sends_the_answers_and_parses_on_only_what_is_small(int valueBytes, bool isParsedThere)
    {
        var engine = new GatedEngine();
        await using var server = DoorFixture.Open(engine: engine);
        using var client = await WireClient.ConnectAsync(server.Port);
        await client.Set(2, "a", "1").SendAsync();
        await Until.HoldsAsync(() => engine.Waiting == 1);
        await client.Set(3, "b", new string('2', valueBytes)).SendAsync(); // waits in the socket, so that the next receive need not wait

        var committer = new Thread(engine.Release);
        committer.Start();
        await client.ReadAppliedAsync(2);
        await Until.HoldsAsync(() => engine.Waiting == 1);
        Assert.Equal(isParsedThere, engine.SubmittedOn == committer);
        committer.Join();
        engine.Release();
        await client.ReadAppliedAsync(3);
    }

    [Fact]
    public async Task Beyond_the_bytes_that_may_wait_in_all_bursts_wait_at_the_door_and_come_through_later()
    {
        var engine = new GatedEngine();
        await using var server = DoorFixture.Open(
            engine: engine, budgets: DoorLimits.Default with { QueuedBytesMax = 1000 });
        var clients = new List<WireClient>();
        for (var i = 0; i < 4; i++)
        {
            clients.Add(await WireClient.ConnectAsync(server.Port));
            await clients[i].Set(2, $"k{i}", new string('x', 600)).SendAsync();
        }

        await Until.HoldsAsync(() => engine.Waiting == 1);
        Assert.InRange(server.Door.Budgets.Queue.Held, 600 + 128, 1000); // as the engine counts them
        var answers = clients.Select(client => client.ReadAppliedAsync(2)).ToList();
        await Until.HoldsAsync(() =>
        {
            engine.Release();
            return answers.TrueForAll(answer => answer.IsCompleted);
        });
        await Task.WhenAll(answers);
        Assert.Equal(0, server.Door.Budgets.Queue.Held);
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task Draining_answers_what_was_received_and_tells_idle_clients()
    {
        var engine = new GatedEngine();
        await using var server = DoorFixture.Open(engine: engine);
        using var busy = await WireClient.ConnectAsync(server.Port);
        using var idle = await WireClient.ConnectAsync(server.Port);
        await busy.Set(2, "a", "1").SendAsync();
        await Until.HoldsAsync(() => engine.Waiting == 1);

        var drained = server.Door.DrainAsync(TimeSpan.FromSeconds(20));
        var told = WireClient.ErrorOf(await idle.ReadAsync());
        Assert.Equal((ErrorCode.ShuttingDown, WriteOutcome.NotApplied), (told.Code, told.Outcome));
        Assert.False(drained.IsCompleted);

        engine.Release();
        await busy.ReadAppliedAsync(2);
        Assert.Equal(ErrorCode.ShuttingDown, WireClient.ErrorOf(await busy.ReadAsync()).Code);
        await drained;
        await Assert.ThrowsAnyAsync<Exception>(() => WireClient.ConnectAsync(server.Port));
    }

    [Fact]
    public async Task Draining_ends_at_its_limit_even_if_the_engine_does_not()
    {
        var engine = new GatedEngine();
        await using var server = DoorFixture.Open(engine: engine);
        using var busy = await WireClient.ConnectAsync(server.Port);
        await busy.Set(2, "a", "1").SendAsync();
        await Until.HoldsAsync(() => engine.Waiting == 1);
        await server.Door.DrainAsync(TimeSpan.FromMilliseconds(50)).WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task More_requests_than_a_burst_holds_are_all_answered_in_order()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port);
        const uint Count = (DoorOptions.BurstRequestsMax * 2) + 100;
        for (var i = 0u; i < Count; i++)
        {
            client.Set(i, "k", "");
        }

        var sending = client.SendAsync();
        for (var i = 0u; i < Count; i++)
        {
            await client.ReadAppliedAsync(i);
        }

        await sending;
    }
}
