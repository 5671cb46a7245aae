using System.Text;
using Kvs.Core.Client;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;
using Kvs.Core.Tests.Protocol;
using Xunit;

namespace Kvs.Core.Tests.Client;

public sealed class RemoteScanTests : IAsyncDisposable
{
    private readonly ScriptedServer _server = new();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_scan_gives_credit_back_only_for_chunks_that_were_read()
    {
        await using var client = await _server.ConnectAsync();
        await using var scan = client.ScanAsync(new ScanOptions { Limit = 9 }).GetAsyncEnumerator();
        var moving = scan.MoveNextAsync();
        var request = await _server.ReceiveAsync();
        Assert.True(RequestDecoder.TryReadScan(in request, out var asked, out _));
        Assert.Equal((Opcode.Scan, 9L, 4u), (request.Opcode, asked.Limit, asked.Credit));

        await SendChunkAsync(request, more: true, "a", "b");
        Assert.True(await moving);
        await AssertCreditAsync(request);
        Assert.True(await scan.MoveNextAsync());
        Assert.Equal("b", scan.Current.Key.ToString());

        // Other calls are answered while the stream stands still.
        var ping = client.PingAsync();
        var frame = await _server.ReceiveAsync();
        Assert.Equal(Opcode.Ping, frame.Opcode);
        await _server.AnswerOkAsync(in frame);
        await ping;

        await SendChunkAsync(request, more: false, "c");
        Assert.True(await scan.MoveNextAsync());
        Assert.Equal("c", scan.Current.Key.ToString());
        Assert.False(await scan.MoveNextAsync());
    }

    [Fact]
    public async Task A_scan_that_is_left_early_is_cancelled_and_its_late_chunks_are_dropped()
    {
        await using var client = await _server.ConnectAsync();
        var scan = client.ScanAsync().GetAsyncEnumerator();
        var moving = scan.MoveNextAsync();
        var request = await _server.ReceiveAsync();
        await SendChunkAsync(request, more: true, "a");
        Assert.True(await moving);
        await AssertCreditAsync(request);
        await scan.DisposeAsync();
        var cancel = await _server.ReceiveAsync();
        Assert.Equal((Opcode.ScanCancel, request.RequestId), (cancel.Opcode, cancel.RequestId));

        await SendChunkAsync(request, more: true, "b");
        await SendChunkAsync(request, more: false);
        var ping = client.PingAsync();
        await _server.AnswerOkAsync(await _server.ReceiveAsync());
        await ping;
    }

    [Fact]
    public async Task A_scan_fails_with_the_error_that_ends_it()
    {
        await using var client = await _server.ConnectAsync();
        var reading = ReadAsync(client);
        var request = await _server.ReceiveAsync();
        await SendChunkAsync(request, more: true, "a");
        await _server.AnswerAsync(answer =>
            new ErrorResponse(ErrorCode.Corruption, WriteOutcome.NotApplied, "broken").WriteTo(answer, Opcode.Scan, request.RequestId));
        await Assert.ThrowsAsync<KvsCorruptionException>(() => reading);
    }

    [Fact]
    public async Task A_server_that_sends_without_credit_is_cut_off()
    {
        await using var client = await _server.ConnectAsync();
        await using var scan = client.ScanAsync().GetAsyncEnumerator();
        var moving = scan.MoveNextAsync().AsTask();
        var request = await _server.ReceiveAsync();
        for (var i = 0; i < 6; i++)
        {
            await SendChunkAsync(request, more: true, "a");
        }

        await _server.ReceiveEndAsync();
        Assert.True(await moving);
        await Assert.ThrowsAsync<KvsProtocolException>(async () =>
        {
            while (await scan.MoveNextAsync())
            {
            }
        });
    }

    [Fact]
    public async Task A_scan_whose_server_falls_silent_is_given_up()
    {
        await using var client = await _server.ConnectAsync(_server.Options with { RequestTimeout = TimeSpan.FromSeconds(5) });
        var reading = ReadAsync(client);
        await _server.ReceiveAsync();
        _server.Time.Advance(TimeSpan.FromSeconds(5));
        var failure = await Assert.ThrowsAsync<KvsUnavailableException>(() => reading);
        Assert.Equal(ErrorCode.DeadlineExceeded, failure.Code);
    }

    [Fact]
    public async Task A_snapshot_names_itself_in_each_read_and_ends_with_its_connection()
    {
        await using var client = await _server.ConnectAsync();
        var opening = client.SnapshotAsync();
        var request = await _server.ReceiveAsync();
        await _server.AnswerAsync(answer => ResponseEncoder.WriteSnapshot(answer, request.RequestId, 5, Samples.Version));
        var snapshot = await opening;
        Assert.Equal(Samples.Version, snapshot.Version);

        var counting = snapshot.CountAsync();
        request = await _server.ReceiveAsync();
        Assert.True(RequestDecoder.TryReadHeader(in request, out var fields, out _));
        Assert.Equal(5u, fields.Snapshot);
        await _server.AnswerAsync(answer => ResponseEncoder.WriteCount(answer, request.RequestId, 3));
        Assert.Equal(3, await counting);

        var broken = client.PingAsync().AsTask();
        await _server.ReceiveAsync();
        _server.Close();
        await Assert.ThrowsAnyAsync<KvsException>(() => broken);
        var failure = await Assert.ThrowsAsync<KvsException>(async () => await snapshot.GetAsync("k"));
        Assert.Equal(ErrorCode.SnapshotExpired, failure.Code);
        await snapshot.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await snapshot.GetAsync("k"));
    }

    private static async Task<int> ReadAsync(KvsClient client)
    {
        var count = 0;
        await foreach (var _ in client.ScanAsync())
        {
            count++;
        }

        return count;
    }

    private async Task AssertCreditAsync(Frame scan)
    {
        var frame = await _server.ReceiveAsync();
        Assert.True(RequestDecoder.TryReadCredit(in frame, out var chunks, out _));
        Assert.Equal((Opcode.ScanCredit, scan.RequestId, 1u), (frame.Opcode, frame.RequestId, chunks));
    }

    private Task SendChunkAsync(Frame scan, bool more, params string[] keys) => _server.AnswerAsync(answer =>
    {
        var start = ScanChunkCodec.Begin(answer, Opcode.Scan, scan.RequestId, Samples.Version);
        foreach (var key in keys)
        {
            ScanChunkCodec.EndEntry(answer, ScanChunkCodec.BeginEntry(answer, Encoding.UTF8.GetBytes(key)), Samples.Version, 0);
        }

        ScanChunkCodec.End(answer, start, keys.Length, null, more);
    });
}
