using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;
using Xunit;

namespace Kvs.Server.Tests.Doors;

/// <summary>Positions at a server that is in no cluster: those of answers, and those that reads ask for.</summary>
public sealed class PositionTests
{
    private static readonly Operation _get = new() { Kind = OperationKind.Get, Key = "a"u8.ToArray() };
    private static readonly Operation _stat = new() { Kind = OperationKind.Stat, Key = "a"u8.ToArray() };
    private static readonly Operation _setIfAbsent =
        Operation.Set("a", "2", new SetOptions { Condition = KvsCondition.Absent });

    [Fact]
    public async Task A_client_that_asks_is_told_the_position_of_each_answer_and_no_other()
    {
        await using var server = DoorFixture.Open();
        using var asking = await WireClient.ConnectAsync(server.Port, features: Features.Positions);
        using var silent = await WireClient.ConnectAsync(server.Port);
        await asking.Set(2, "a", "1").SendAsync();
        var set = await asking.ReadAsync();
        Assert.True(ResponseDecoder.TryReadWrite(set.Body[2..], out var version, out _));
        Assert.Equal(version, WireClient.PositionOf(set));

        foreach (var client in new[] { asking, silent })
        {
            var expected = client == asking ? version : default;
            var read = client.Write(3, _get).Write(4, _stat).Write(5, _setIfAbsent).Write(6, Operation.Remove("none", null))
                .Write(7, _get)
                .Write(target => RequestEncoder.WriteGetMany(target, 8, default, ["a", "b"]))
                .Write(target => RequestEncoder.WriteCount(target, 9, default, KeyRange.All))
                .Write(target => RequestEncoder.WriteScan(target, Opcode.ScanPage, 10, default, default))
                .Empty(11, Opcode.SnapshotOpen)
                .Write(target => RequestEncoder.WriteScan(
                    target, Opcode.Scan, 12, default, new ScanRequest { Credit = 1 }));
            await read.SendAsync();
            for (var id = 3u; id <= 12; id++)
            {
                var answer = await client.ReadAsync();
                Assert.Equal((id, expected), (answer.RequestId, WireClient.PositionOf(answer)));
                Assert.Equal(client == asking, answer.Flags.HasFlag(FrameFlags.Fields));
                Assert.True(id is not (10 or 12) || ScanChunkCodec.TryRead(answer.Body[2..], out var page) && page.Entries.Count == 1);
            }
        }
    }

    [Fact]
    public async Task A_read_on_a_snapshot_tells_the_position_of_the_snapshot()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port, features: Features.Positions);
        await client.Set(2, "a", "1").Empty(3, Opcode.SnapshotOpen).Set(4, "a", "2").SendAsync();
        await client.ReadAsync();
        Assert.True(ResponseDecoder.TryReadSnapshot((await client.ReadAsync()).Body[2..], out var id, out var version));
        await client.ReadAsync();

        var fields = new RequestFields { Snapshot = id };
        await client.Write(5, _get, fields).Write(6, _stat, fields)
            .Write(target => RequestEncoder.WriteGetMany(target, 7, in fields, ["a"]))
            .Write(target => RequestEncoder.WriteCount(target, 8, in fields, KeyRange.All)).SendAsync();
        for (var i = 5; i <= 8; i++)
        {
            Assert.Equal(version, WireClient.PositionOf(await client.ReadAsync()));
        }
    }

    [Fact]
    public async Task A_read_that_asks_for_a_position_gets_it_or_is_refused_at_once()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port);
        await client.Set(2, "a", "1").SendAsync();
        var version = await client.ReadAppliedAsync(2);
        await client.Write(3, _get, new RequestFields { AtLeast = version })
            .Write(4, _get, new RequestFields { AtLeast = version with { Sequence = version.Sequence + 1 } })
            .Write(5, _get, new RequestFields { AtLeast = version with { Epoch = version.Epoch + 1 } })
            .Write(target => RequestEncoder.WriteCount(
                target, 6, new RequestFields { AtLeast = version with { Sequence = 99 } }, KeyRange.All))
            .SendAsync();
        Assert.Equal("1", await client.ReadValueAsync(3));
        var stale = WireClient.ErrorOf(await client.ReadCodeAsync(4, ErrorCode.TooStale));
        Assert.Equal((true, WriteOutcome.NotApplied), (stale.Retryable, stale.Outcome));
        var lost = WireClient.ErrorOf(await client.ReadCodeAsync(5, ErrorCode.TokenLost));
        Assert.False(lost.Retryable);
        await client.ReadCodeAsync(6, ErrorCode.TooStale);
    }

    [Fact]
    public async Task A_position_is_asked_for_by_reads_of_the_newest_state_only()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port);
        await client.Set(2, "a", "1").SendAsync();
        var fields = new RequestFields { AtLeast = await client.ReadAppliedAsync(2) };
        await client.Write(3, Operation.Set("a", "2", null), fields).Empty(4, Opcode.Ping, fields)
            .Write(5, _get, fields with { Snapshot = 1 }).Get(6, "a").SendAsync();
        for (var id = 3u; id <= 5; id++)
        {
            await client.ReadCodeAsync(id, ErrorCode.InvalidArgument);
        }

        Assert.Equal("1", await client.ReadValueAsync(6));
    }

    [Fact]
    public async Task What_only_a_cluster_can_do_is_refused_and_what_only_matters_there_is_accepted()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port);
        var fields = new RequestFields { Consistency = Consistency.Stale, Redirect = true, Forwarded = true };
        await client.Write(2, Operation.Set("a", "1", null), fields).Write(3, _get, fields)
            .Empty(4, Opcode.ClusterStatus)
            .Write(target => RequestEncoder.WriteNode(target, Opcode.ClusterPromote, 5, default, "n1"))
            .Write(target => RequestEncoder.WriteNode(target, Opcode.ClusterTransfer, 6, default, ""))
            .Write(target => RequestEncoder.WriteNode(target, Opcode.ClusterLeave, 7, default, "n1"))
            .Write(target => RequestEncoder.WriteNode(target, Opcode.ClusterForcePromote, 8, default, ""))
            .Empty(9, Opcode.Position).SendAsync();
        var version = await client.ReadAppliedAsync(2);
        Assert.Equal("1", await client.ReadValueAsync(3));
        for (var id = 4u; id <= 8; id++)
        {
            var refused = WireClient.ErrorOf(await client.ReadCodeAsync(id, ErrorCode.NotSupported));
            Assert.Equal("This server is in no cluster.", refused.Text);
        }

        var answer = await client.ReadCodeAsync(9, ErrorCode.None);
        Assert.True(ResponseDecoder.TryReadPosition(answer.Body[2..], out var position));
        Assert.Equal(version, position);
    }
}
