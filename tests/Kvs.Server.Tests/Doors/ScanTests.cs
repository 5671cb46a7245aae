using System.Text;
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

/// <summary>Scans, counts, many keys and snapshots over the wire.</summary>
public sealed class ScanTests
{
    [Fact]
    public async Task Pages_in_both_directions_give_each_key_once()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port);
        await FillAsync(client, 25);
        foreach (var reverse in new[] { false, true })
        {
            var keys = new List<string>();
            ReadOnlyMemory<byte>? cursor = null;
            do
            {
                var request = new ScanRequest { Limit = 10, Reverse = reverse, Cursor = cursor };
                await client.Write(target => RequestEncoder.WriteScan(
                    target, Opcode.ScanPage, 9, default, in request)).SendAsync();
                var page = await ReadPageAsync(client, 9);
                keys.AddRange(page.Entries.Select(entry => entry.Key.ToString()));
                cursor = page.Cursor;
            }
            while (cursor is not null);
            var expected = Enumerable.Range(0, 25).Select(KeyOf);
            Assert.Equal(reverse ? expected.Reverse() : expected, keys);
        }
    }

    [Fact]
    public async Task A_page_ends_at_its_limit_of_bytes_but_gives_one_entry()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port);
        await FillAsync(client, 3);
        var request = new ScanRequest { LimitBytes = 1 };
        await client.Write(target => RequestEncoder.WriteScan(
            target, Opcode.ScanPage, 9, default, in request)).SendAsync();
        var page = await ReadPageAsync(client, 9);
        Assert.Equal(KeyOf(0), Assert.Single(page.Entries).Key.ToString());
        Assert.Equal(KeyOf(0), Encoding.UTF8.GetString(page.Cursor!.Value.Span));
    }

    [Fact]
    public async Task A_page_never_makes_a_frame_that_the_client_does_not_take()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port, frameBytesMax: 4096);
        await FillAsync(client, 20, valueBytes: 1000);
        var request = new ScanRequest();
        await client.Write(target => RequestEncoder.WriteScan(
            target, Opcode.ScanPage, 9, default, in request)).SendAsync();
        var page = await ReadPageAsync(client, 9);
        Assert.Equal(3, page.Entries.Count);
        Assert.NotNull(page.Cursor);
    }

    [Fact]
    public async Task A_stream_sends_only_against_credit_and_other_requests_are_answered_meanwhile()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port);
        await FillAsync(client, 10, valueBytes: 600);
        var request = new ScanRequest { ChunkBytes = 1024, Credit = 1 };
        await client.Write(target => RequestEncoder.WriteScan(target, Opcode.Scan, 9, default, in request)).SendAsync();
        var first = await client.ReadAsync();
        Assert.Equal(FrameFlags.More, first.Flags);

        // No credit left: whatever comes now is the answer to the others. What is written now is not in the stream.
        await client.Empty(10, Opcode.Ping).Set(11, "zzz", "late").SendAsync();
        await client.ReadCodeAsync(10, ErrorCode.None);
        await client.ReadAppliedAsync(11);

        await client.Write(target => RequestEncoder.WriteCredit(target, 9, 100)).SendAsync();
        var keys = KeysOf(first);
        Frame chunk;
        do
        {
            chunk = await client.ReadAsync();
            Assert.Equal(9u, chunk.RequestId);
            keys.AddRange(KeysOf(chunk));
        }
        while (chunk.Flags == FrameFlags.More);
        Assert.Equal(Enumerable.Range(0, 10).Select(KeyOf), keys);
        await Until.HoldsAsync(() => server.Engine.Stats().Snapshots == 0);
    }

    [Fact]
    public async Task A_stream_stops_at_its_limits_and_says_where_to_go_on()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port);
        await FillAsync(client, 10);
        var request = new ScanRequest { Limit = 4, Credit = 10 };
        await client.Write(target => RequestEncoder.WriteScan(target, Opcode.Scan, 9, default, in request)).SendAsync();
        var page = await ReadPageAsync(client, 9);
        Assert.Equal(4, page.Entries.Count);
        Assert.Equal(KeyOf(3), Encoding.UTF8.GetString(page.Cursor!.Value.Span));
    }

    [Fact]
    public async Task A_cancelled_stream_ends_with_an_empty_last_chunk()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port);
        await FillAsync(client, 10);
        var request = new ScanRequest { Credit = 0 };
        await client.Write(target => RequestEncoder.WriteScan(target, Opcode.Scan, 9, default, in request))
            .Empty(9, Opcode.ScanCancel).SendAsync();
        Assert.Empty((await ReadPageAsync(client, 9)).Entries);
        await Until.HoldsAsync(() => server.Engine.Stats().Snapshots == 0);
    }

    [Fact]
    public async Task A_client_that_goes_away_in_the_middle_of_a_stream_leaves_no_snapshot_behind()
    {
        await using var server = DoorFixture.Open();
        using (var client = await WireClient.ConnectAsync(server.Port))
        {
            await FillAsync(client, 10);
            var request = new ScanRequest { Credit = 0 };
            await client.Write(target => RequestEncoder.WriteScan(target, Opcode.Scan, 9, default, in request))
                .Empty(10, Opcode.SnapshotOpen).SendAsync();
            await client.ReadCodeAsync(10, ErrorCode.None);
            Assert.Equal(2, server.Engine.Stats().Snapshots);
        }

        await Until.HoldsAsync(() => server.Engine.Stats().Snapshots == 0);
    }

    [Fact]
    public async Task One_stream_too_many_is_refused()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port);
        await FillAsync(client, 1);
        var request = new ScanRequest { Credit = 0 };
        for (var id = 100u; id <= 100 + SessionStreams.StreamsMax; id++)
        {
            client.Write(target => RequestEncoder.WriteScan(target, Opcode.Scan, id, default, in request));
        }

        await client.SendAsync();
        await client.ReadCodeAsync(100 + SessionStreams.StreamsMax, ErrorCode.Overloaded);
    }

    [Fact]
    public async Task A_snapshot_stays_as_it_is_and_belongs_to_its_connection()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port);
        await client.Set(2, "a", "old").Empty(3, Opcode.SnapshotOpen).Set(4, "a", "new").SendAsync();
        await client.ReadAppliedAsync(2);
        var id = await ReadSnapshotAsync(client, 3);
        await client.ReadAppliedAsync(4);

        var fields = new RequestFields { Snapshot = id };
        var get = new Operation { Kind = OperationKind.Get, Key = "a"u8.ToArray() };
        await client.Write(5, get, fields).Get(6, "a").SendAsync();
        Assert.Equal("old", await client.ReadValueAsync(5));
        Assert.Equal("new", await client.ReadValueAsync(6));

        using var other = await WireClient.ConnectAsync(server.Port);
        await other.Write(5, get, fields).SendAsync();
        await other.ReadCodeAsync(5, ErrorCode.SnapshotExpired);

        await client.Write(target => RequestEncoder.WriteSnapshotClose(target, 7, default, id)).Write(
            8, get, fields).SendAsync();
        await client.ReadCodeAsync(7, ErrorCode.None);
        await client.ReadCodeAsync(8, ErrorCode.SnapshotExpired);
    }

    [Fact]
    public async Task Snapshots_are_bounded_in_number_and_age()
    {
        await using var server = DoorFixture.Open(
            limits: new SnapshotLimits(SessionMax: 1, TotalMax: 2, TimeSpan.FromMilliseconds(1)));
        using var client = await WireClient.ConnectAsync(server.Port);
        await client.Empty(2, Opcode.SnapshotOpen).Empty(3, Opcode.SnapshotOpen).SendAsync();
        var id = await ReadSnapshotAsync(client, 2);
        await client.ReadCodeAsync(3, ErrorCode.Overloaded);

        await Until.HoldsAsync(() => server.Engine.Stats().Snapshots == 0);
        var get = new Operation { Kind = OperationKind.Get, Key = "a"u8.ToArray() };
        await client.Write(4, get, new RequestFields { Snapshot = id }).Empty(5, Opcode.SnapshotOpen).SendAsync();
        await client.ReadCodeAsync(4, ErrorCode.SnapshotExpired);
        await client.ReadCodeAsync(5, ErrorCode.None); // the one that was ended does not count
    }

    [Fact]
    public async Task Count_and_many_keys_read_one_state()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port);
        await FillAsync(client, 5);
        var range = KeyRange.Prefix("key00");
        KvsKey[] keys = [KeyOf(1), "none", KeyOf(2)];
        await client.Write(target => RequestEncoder.WriteCount(target, 9, default, in range))
            .Write(target => RequestEncoder.WriteGetMany(target, 10, default, keys)).SendAsync();
        Assert.Equal(ErrorCode.None, WireClient.CodeOf(await client.ReadAsync(), out var body));
        Assert.True(ResponseDecoder.TryReadCount(body, out var count));
        Assert.Equal(5, count);
        Assert.Equal(ErrorCode.None, WireClient.CodeOf(await client.ReadAsync(), out body));
        Assert.True(ResponseDecoder.TryReadGetMany(body, out var results));
        Assert.Equal([true, false, true], results.Select(result => result.Existed));
    }

    private static string KeyOf(int i) => $"key{i:D4}";

    private static async Task FillAsync(WireClient client, int count, int valueBytes = 10)
    {
        for (var i = 0; i < count; i++)
        {
            client.Set((uint)i, KeyOf(i), new string('v', valueBytes));
        }

        await client.SendAsync();
        for (var i = 0; i < count; i++)
        {
            await client.ReadAppliedAsync((uint)i);
        }
    }

    private static async Task<ulong> ReadSnapshotAsync(WireClient client, uint id)
    {
        var frame = await client.ReadAsync();
        Assert.Equal((id, ErrorCode.None), (frame.RequestId, WireClient.CodeOf(frame, out var body)));
        Assert.True(ResponseDecoder.TryReadSnapshot(body, out var snapshot, out _));
        return snapshot;
    }

    private static async Task<ScanPage> ReadPageAsync(WireClient client, uint id)
    {
        var frame = await client.ReadAsync();
        Assert.Equal((id, FrameFlags.None, ErrorCode.None),
            (frame.RequestId, frame.Flags, WireClient.CodeOf(frame, out var body)));
        Assert.True(ScanChunkCodec.TryRead(body, out var page));
        return page;
    }

    private static List<string> KeysOf(Frame chunk)
    {
        Assert.Equal(ErrorCode.None, WireClient.CodeOf(chunk, out var body));
        Assert.True(ScanChunkCodec.TryRead(body, out var page));
        return page.Entries.Select(entry => entry.Key.ToString()).ToList();
    }
}
