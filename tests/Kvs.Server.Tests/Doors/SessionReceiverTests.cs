using Kvs.Core.Buffers;
using Kvs.Server.Doors.Sessions;
using Kvs.TestKit;
using Kvs.TestKit.Network;
using Xunit;

namespace Kvs.Server.Tests.Doors;

/// <summary>The memory of a connection's receiving half: it grows with bursts, and goes back when nothing comes.</summary>
public sealed class SessionReceiverTests
{
    private const int SessionBytes = 64 * 1024;

    private readonly ByteBudget _budget = new(SessionBytes);
    private readonly MemoryConnection _client;
    private readonly SessionReceiver _receiver;

    public SessionReceiverTests()
    {
        (_client, var server) = MemoryConnection.Pair();
        var time = new ManualTimeProvider();
        _receiver = new SessionReceiver(SessionBytes, _budget, server, new SessionClock(time), time, static () => { }) { IsReady = true };
    }

    [Fact]
    public async Task A_session_that_waits_has_no_large_array_and_the_next_burst_gets_one_at_once()
    {
        await ReceiveAsync(8 * SessionBytes);
        Assert.Equal(SessionBytes, _receiver.Capacity);
        var next = _receiver.ReceiveAsync(0).AsTask();
        Assert.Equal((ReceiveBuffer.SmallBytes, 0L), (_receiver.Capacity, _budget.Held));

        var burst = Enumerable.Range(0, SessionBytes).Select(static i => (byte)i).ToArray();
        await _client.SendAsync(burst, default);
        Assert.True(await next);
        Assert.Equal(burst, _receiver.Received.ToArray());
    }

    [Fact]
    public async Task A_burst_gets_no_more_room_than_there_is_and_a_frame_gets_its_own()
    {
        Assert.True(_budget.TryAcquire(SessionBytes - 1));
        await ReceiveAsync(8 * SessionBytes);
        Assert.Equal(ReceiveBuffer.SmallBytes, _receiver.Capacity);

        await _client.SendAsync(new byte[20_000], default);
        while (_receiver.Received.Length < 20_000)
        {
            Assert.True(await _receiver.ReceiveAsync(20_000));
        }

        _receiver.Consume(20_000);
        _budget.Release(SessionBytes - 1);
        await ReceiveAsync(8 * SessionBytes);
        Assert.Equal(SessionBytes, _receiver.Capacity);
    }

    private async Task ReceiveAsync(int bytes)
    {
        await _client.SendAsync(new byte[bytes], default);
        for (var left = bytes; left > 0;)
        {
            Assert.True(await _receiver.ReceiveAsync(0));
            left -= _receiver.Received.Length;
            _receiver.Consume(_receiver.Received.Length);
        }
    }
}
