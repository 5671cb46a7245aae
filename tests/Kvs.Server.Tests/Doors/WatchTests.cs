using Kvs.Core.Client;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;
using Kvs.Server.Doors;
using Kvs.TestKit;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Server.Tests.Doors;

/// <summary>Watches over the wire and by the client library.</summary>
public sealed class WatchTests : IAsyncLifetime
{
    private static readonly CancellationToken s_patience = new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;

    private readonly TemporaryDirectory _folder = new();
    private DoorFixture _server = null!;

    public async Task InitializeAsync()
    {
        var store = await KvStore.OpenAsync(_folder.At("data"), new KvStoreOptions { HistoryBytes = Limits.HistoryBytes });
        _server = DoorFixture.Open(engine: store.Engine);
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_watch_begins_with_a_position_and_tells_what_comes_behind_it()
    {
        await using var client = await ConnectAsync();
        var version = (await client.SetAsync("before", "x")).Version;
        await using var changes = client.WatchAsync(new WatchOptions { Progress = true }, s_patience).GetAsyncEnumerator();
        Assert.True(await changes.MoveNextAsync());
        Assert.Equal((ChangeKind.Progress, (WatchPosition)version), (changes.Current.Kind, changes.Current.Position));

        var options = new SetOptions { TimeToLive = TimeSpan.FromHours(1), ContentType = "text/plain" };
        var set = (await client.SetAsync("a", "1", options)).Version;
        var removed = (await client.RemoveAsync("before")).Version;
        var change = await NextAsync(changes);
        Assert.Equal((ChangeKind.Set, "a", "1", (WatchPosition)set), (change.Kind, change.Key.ToString(), change.Value.ToString(), change.Position));
        Assert.NotNull(change.ExpiresAt);
        Assert.Equal("text/plain", change.ContentType);
        change = await NextAsync(changes);
        Assert.Equal((ChangeKind.Removed, "before", (WatchPosition)removed), (change.Kind, change.Key.ToString(), change.Position));
    }

    [Fact]
    public async Task The_past_is_told_in_pieces_and_large_values_too()
    {
        await using var client = await ConnectAsync();
        var large = new string('v', 3_000_000);
        for (var i = 0; i < 200; i++)
        {
            await client.SetAsync($"k{i}", i == 100 ? large : $"v{i}");
        }

        var seen = new List<string>();
        await foreach (var change in client.WatchAsync(new WatchOptions { Since = WatchPosition.Beginning }, s_patience))
        {
            seen.Add($"{change.Key}={change.Value}");
            if (seen.Count == 200)
            {
                break;
            }
        }

        Assert.Equal(Enumerable.Range(0, 200).Select(i => i == 100 ? $"k100={large}" : $"k{i}=v{i}"), seen);
        Assert.Equal(0, _server.Dispatcher.Budgets.LargeAnswers.Held);
    }

    [Fact]
    public async Task A_watch_sends_no_more_chunks_than_it_has_credit_and_ends_when_it_is_cancelled()
    {
        using var client = await WireClient.ConnectAsync(_server.Port);
        await using (var writer = await ConnectAsync())
        {
            for (var i = 0; i < 4; i++)
            {
                await writer.SetAsync($"k{i}", new string('v', 20_000));
            }
        }

        var request = new WatchRequest { Since = WatchPosition.Beginning, ChunkBytes = 1024, Credit = 2 };
        await client.Write(target => request.Write(target, 9, default)).SendAsync();
        var first = await ReadChunkAsync(client, isLast: false);
        var second = await ReadChunkAsync(client, isLast: false);
        Assert.Equal(["k0", "k1"], first.Changes.Concat(second.Changes).Select(change => change.Key.ToString()));

        // A ping is answered while the watch waits for credit.
        await client.Write(target => RequestEncoder.WriteEmpty(target, Opcode.Ping, 10, default)).SendAsync();
        Assert.Equal(10u, (await client.ReadAsync()).RequestId);
        await client.Write(target => RequestEncoder.WriteCredit(target, 9, 1)).SendAsync();
        Assert.Equal("k2", Assert.Single((await ReadChunkAsync(client, isLast: false)).Changes).Key.ToString());
        await client.Write(target => RequestEncoder.WriteEmpty(target, Opcode.ScanCancel, 9, default)).SendAsync();
        var last = await ReadChunkAsync(client, isLast: true);
        Assert.Empty(last.Changes);
        await Until.HoldsAsync(() => _server.Dispatcher.Watches.Count == 0);
    }

    [Fact]
    public async Task A_watch_that_is_refused_says_why()
    {
        await using var client = await ConnectAsync();
        var newest = (await client.SetAsync("a", "1")).Version;
        async Task<ErrorCode> RefusedAsync(WatchPosition since)
        {
            var failure = await Assert.ThrowsAnyAsync<KvsException>(async () =>
            {
                await foreach (var change in client.WatchAsync(new WatchOptions { Since = since }, s_patience))
                {
                    Assert.Fail($"{change}");
                }
            });
            return failure.Code;
        }

        Assert.Equal(ErrorCode.TooStale, await RefusedAsync(newest with { Sequence = newest.Sequence + 1 }));
        Assert.Equal(ErrorCode.TokenLost, await RefusedAsync(newest with { Epoch = newest.Epoch + 1 }));
    }

    [Fact]
    public async Task An_engine_without_a_history_refuses_a_watch()
    {
        await using var server = DoorFixture.Open();
        await using var client = await KvsClient.ConnectAsync($"127.0.0.1:{server.Port}");
        var failure = await Assert.ThrowsAnyAsync<KvsException>(async () =>
        {
            await foreach (var change in client.WatchAsync(cancellationToken: s_patience))
            {
                Assert.Fail($"{change}");
            }
        });
        Assert.Equal(ErrorCode.NotSupported, failure.Code);
    }

    private Task<KvsClient> ConnectAsync() => KvsClient.ConnectAsync($"127.0.0.1:{_server.Port}");

    private static async Task<KvsChange> NextAsync(IAsyncEnumerator<KvsChange> changes)
    {
        do
        {
            Assert.True(await changes.MoveNextAsync());
        }
        while (changes.Current.Kind == ChangeKind.Progress);
        return changes.Current;
    }

    private static async Task<ChangeChunk> ReadChunkAsync(WireClient client, bool isLast)
    {
        var frame = await client.ReadAsync();
        Assert.Equal((Opcodes.ResponseTo(Opcode.Watch), 9u), (frame.Opcode, frame.RequestId));
        Assert.Equal(isLast ? FrameFlags.None : FrameFlags.More, frame.Flags);
        Assert.True(ResponseDecoder.TryReadCode(in frame, out var code, out var body));
        Assert.Equal(ErrorCode.None, code);
        Assert.True(ChangeChunkCodec.TryRead(body, out var chunk));
        return chunk;
    }
}
