using System.Text;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;
using Kvs.Core.Tests.Protocol;
using Kvs.TestKit.Network;
using Xunit;

namespace Kvs.Core.Tests.Client;

public sealed class KvsClientTests : IAsyncDisposable
{
    private readonly ScriptedServer _server = new();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task The_handshake_names_versions_client_and_limits()
    {
        await using var client = await _server.ConnectAsync(_server.Options with { ClientName = "me 1.0" });
        Assert.Equal(
            new Hello
            {
                VersionMin = 1,
                VersionMax = 1,
                ClientId = 77,
                Features = Features.Positions,
                FrameBytesMax = Limits.FrameBytesMax,
                ClientName = "me 1.0",
            },
            _server.Hello);
    }

    [Fact]
    public async Task Calls_are_pipelined_and_answered_in_their_order()
    {
        await using var client = await _server.ConnectAsync();
        var reads = Enumerable.Range(0, 10).Select(i => client.GetAsync($"k{i}").AsTask()).ToArray();
        var frames = new List<Frame>();
        foreach (var _ in reads)
        {
            frames.Add(await _server.ReceiveAsync());
        }

        Assert.All(reads, read => Assert.False(read.IsCompleted));
        await _server.AnswerAsync(answer => frames.ForEach(frame => WriteFound(answer, frame, $"v{frame.RequestId}")));
        var entries = await Task.WhenAll(reads);
        Assert.Equal(frames.Select(frame => $"v{frame.RequestId}"), entries.Select(entry => entry!.Value.ToString()));
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"k{i}"), entries.Select(entry => entry!.Key.ToString()));
    }

    [Fact]
    public async Task An_answer_in_single_bytes_is_put_together()
    {
        await using var client = await _server.ConnectAsync();
        var read = client.GetAsync("k");
        var frame = await _server.ReceiveAsync();
        var buffer = new FrameBuffer();
        WriteFound(buffer, frame, "value");
        foreach (var b in buffer.Written.ToArray())
        {
            await _server.SendAsync(new[] { b });
        }

        Assert.Equal("value", (await read)!.Value.ToString());
    }

    [Fact]
    public async Task A_value_larger_than_the_buffer_arrives_whole()
    {
        await using var client = await _server.ConnectAsync();
        var read = client.GetAsync("k");
        var frame = await _server.ReceiveAsync();
        var value = new string('x', 300_000);
        await _server.AnswerAsync(answer => WriteFound(answer, frame, value));
        Assert.Equal(value, (await read)!.Value.ToString());

        var ping = client.PingAsync();
        await _server.AnswerOkAsync(await _server.ReceiveAsync());
        await ping;
    }

    [Fact]
    public async Task Writes_carry_numbers_deadline_and_durability()
    {
        await using var client = await _server.ConnectAsync();
        var first = client.SetAsync("k", "v", new SetOptions { Durability = Durability.Always });
        var second = client.RemoveAsync("k");
        var frame = await _server.ReceiveAsync();
        Assert.True(RequestDecoder.TryReadHeader(in frame, out var fields, out _));
        Assert.Equal(new RequestFields { DeadlineMillis = 30_000, Durability = Durability.Always, RequestNumber = 1 }, fields);
        frame = await _server.ReceiveAsync();
        Assert.True(RequestDecoder.TryReadHeader(in frame, out fields, out _));
        Assert.Equal(2u, fields.RequestNumber);
        _server.Close();
        await FailureOf(first.AsTask());
        await FailureOf(second.AsTask());
    }

    [Fact]
    public async Task Missing_keys_and_failed_conditions_are_results()
    {
        await using var client = await _server.ConnectAsync();
        var read = client.GetAsync("k");
        await AnswerAsync(new OperationResult());
        Assert.Null(await read);

        var remove = client.RemoveAsync("k");
        await AnswerAsync(new OperationResult());
        Assert.Equal(new WriteResult(false, KvsVersion.None, false, null), await remove);

        var set = client.SetAsync("k", "v", new SetOptions { Condition = KvsCondition.Absent });
        await RefuseAsync(new ErrorResponse(ErrorCode.ConditionFailed, WriteOutcome.NotApplied, "no") { FailedVersion = Samples.Version });
        Assert.Equal(new WriteResult(false, Samples.Version, true, null), await set);

        var batch = client.ApplyAsync(new KvsBatch().Set("k", "v"));
        await RefuseAsync(new ErrorResponse(ErrorCode.NotAnInteger, WriteOutcome.NotApplied, "no") { FailedIndex = 0 });
        Assert.Equal((false, 0, ErrorCode.NotAnInteger), await BatchOf(batch));
    }

    [Theory]
    [InlineData(ErrorCode.Overloaded, typeof(KvsUnavailableException))]
    [InlineData(ErrorCode.DiskFull, typeof(KvsStorageException))]
    [InlineData(ErrorCode.KeyTooLarge, typeof(KvsException))]
    [InlineData((ErrorCode)12345, typeof(KvsException))]
    public async Task Errors_of_the_server_become_the_exception_of_their_reaction(ErrorCode code, Type type)
    {
        await using var client = await _server.ConnectAsync();
        var set = client.SetAsync("k", "v").AsTask();
        await RefuseAsync(new ErrorResponse(code, WriteOutcome.Unknown, "why"));
        var failure = await FailureOf(set);
        Assert.IsType(type, failure);
        Assert.Equal((code, WriteOutcome.Unknown, "why"), (failure.Code, failure.Outcome, failure.Message));
    }

    [Fact]
    public async Task A_broken_connection_leaves_sent_writes_unknown_and_reads_unreachable()
    {
        await using var client = await _server.ConnectAsync();
        var set = client.SetAsync("k", "v").AsTask();
        var read = client.GetAsync("k").AsTask();
        await _server.ReceiveAsync();
        _server.Close();

        var failure = Assert.IsType<KvsUnavailableException>(await FailureOf(set));
        Assert.Equal((ErrorCode.OutcomeUnknown, WriteOutcome.Unknown), (failure.Code, failure.Outcome));
        Assert.Equal(ErrorCode.Unreachable, (await FailureOf(read)).Code);
    }

    [Fact]
    public async Task A_write_that_never_left_this_machine_is_not_applied_when_the_connection_breaks()
    {
        await using var client = await _server.ConnectAsync();

        // The server receives nothing: these fill the network, and the last of them waits in the middle of its send.
        var sent = Enumerable.Range(0, MemoryConnection.PiecesMax + 1).Select(i => client.SetAsync($"k{i}", "v").AsTask()).ToList();
        var held = client.SetAsync("held", "v").AsTask();
        _server.Close();

        foreach (var set in sent)
        {
            Assert.Equal(WriteOutcome.Unknown, (await FailureOf(set)).Outcome);
        }

        var failure = Assert.IsType<KvsUnavailableException>(await FailureOf(held));
        Assert.Equal((ErrorCode.Unreachable, WriteOutcome.NotApplied), (failure.Code, failure.Outcome));
    }

    [Fact]
    public async Task The_next_call_after_a_broken_connection_makes_a_new_one()
    {
        await using var client = await _server.ConnectAsync();
        var broken = client.PingAsync().AsTask();
        await _server.ReceiveAsync();
        _server.Close();
        await FailureOf(broken);

        byte[] key = [1];
        var read = client.GetAsync(key).AsTask();
        var set = client.SetAsync(key, "v").AsTask();
        key[0] = 9;
        await _server.AcceptAsync();
        Frame[] frames = [await _server.ReceiveAsync(), await _server.ReceiveAsync()];
        Assert.All(frames, frame =>
        {
            Assert.True(RequestDecoder.TryReadOperation(in frame, out var operation, out _));
            Assert.Equal([1], operation.Key.ToArray());
        });
        _server.Close();
        await FailureOf(read);
        await FailureOf(set);
    }

    [Fact]
    public async Task A_closing_error_tells_what_is_known_of_all_that_wait()
    {
        await using var client = await _server.ConnectAsync();
        var set = client.SetAsync("k", "v").AsTask();
        await _server.ReceiveAsync();
        await _server.AnswerAsync(answer => new ErrorResponse(ErrorCode.ShuttingDown, WriteOutcome.NotApplied, "bye").WriteClosing(answer, 0));
        var failure = Assert.IsType<KvsUnavailableException>(await FailureOf(set));
        Assert.Equal((ErrorCode.ShuttingDown, WriteOutcome.NotApplied), (failure.Code, failure.Outcome));
        await _server.ReceiveEndAsync();
    }

    [Theory]
    [InlineData("FFFFFFFF 00 00 0000 00000000")]
    [InlineData("07000000")]
    [InlineData("0A000000 82 00 0000 FFFFFFFF 0000")]
    [InlineData("0A000000 97 00 0000 02000000 0000")]
    [InlineData("0A000000 82 02 0000 02000000 0000")]
    [InlineData("09000000 82 00 0000 02000000 00")]
    [InlineData("0B000000 82 00 0000 02000000 000000")]
    [InlineData("0A000000 A3 00 0000 02000000 0000")]
    [InlineData("0A000000 82 00 0000 02000000 1400")]
    public async Task Garbage_from_the_server_fails_the_call_and_closes_the_connection(string hex)
    {
        await using var client = await _server.ConnectAsync();
        var ping = client.PingAsync().AsTask();
        Assert.Equal(2u, (await _server.ReceiveAsync()).RequestId);
        await _server.SendAsync(Wire.Hex(hex));
        Assert.IsType<KvsProtocolException>(await FailureOf(ping));
        await _server.ReceiveEndAsync();
    }

    [Fact]
    public async Task A_call_without_an_answer_is_given_up_and_its_connection_left()
    {
        await using var client = await _server.ConnectAsync(_server.Options with { RequestTimeout = TimeSpan.FromSeconds(5) });
        var first = client.SetAsync("k", "v").AsTask();
        await _server.ReceiveAsync();
        _server.Time.Advance(TimeSpan.FromSeconds(3));
        var second = client.GetAsync("k").AsTask();
        var frame = await _server.ReceiveAsync();
        _server.Time.Advance(TimeSpan.FromSeconds(2));

        var failure = Assert.IsType<KvsUnavailableException>(await FailureOf(first));
        Assert.Equal((ErrorCode.DeadlineExceeded, WriteOutcome.Unknown), (failure.Code, failure.Outcome));
        Assert.False(second.IsCompleted);
        _server.Time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(ErrorCode.DeadlineExceeded, (await FailureOf(second)).Code);
        await _server.ReceiveEndAsync();
        Assert.Equal(Opcode.Get, frame.Opcode);
    }

    [Fact]
    public async Task Cancelling_ends_the_waiting_and_leaves_the_order_of_answers()
    {
        await using var client = await _server.ConnectAsync();
        using var source = new CancellationTokenSource();
        var cancelled = client.GetAsync("a", source.Token).AsTask();
        var waiting = client.GetAsync("b").AsTask();
        var first = await _server.ReceiveAsync();
        var second = await _server.ReceiveAsync();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        await _server.AnswerAsync(answer =>
        {
            WriteFound(answer, first, "1");
            WriteFound(answer, second, "2");
        });
        Assert.Equal("2", (await waiting)!.Value.ToString());
    }

    [Fact]
    public async Task No_more_calls_are_on_their_way_than_the_server_allows()
    {
        _server.Ack = _server.Ack with { InFlightMax = 2 };
        await using var client = await _server.ConnectAsync();
        var pings = Enumerable.Range(0, 3).Select(_ => client.PingAsync().AsTask()).ToArray();
        var first = await _server.ReceiveAsync();
        var second = await _server.ReceiveAsync();
        var third = _server.ReceiveAsync();
        Assert.False(third.IsCompleted);
        await _server.AnswerOkAsync(in first);
        await _server.AnswerOkAsync(in second);
        await _server.AnswerOkAsync(await third);
        await Task.WhenAll(pings);
    }

    [Fact]
    public async Task A_request_that_the_server_would_not_take_is_not_sent()
    {
        _server.Ack = _server.Ack with { FrameBytesMax = 1000 };
        await using var client = await _server.ConnectAsync();
        var failure = await FailureOf(client.SetAsync("k", new byte[1000]).AsTask());
        Assert.Equal((ErrorCode.BatchTooLarge, WriteOutcome.NotApplied), (failure.Code, failure.Outcome));
        var ping = client.PingAsync();
        await _server.AnswerOkAsync(await _server.ReceiveAsync());
        await ping;
    }

    [Fact]
    public async Task Silence_is_answered_with_a_ping_when_asked_for()
    {
        await using var client = await _server.ConnectAsync(_server.Options with { KeepAlive = TimeSpan.FromSeconds(10) });
        _server.Time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(Opcode.Ping, (await _server.ReceiveAsync()).Opcode);
    }

    private static void WriteFound(FrameBuffer answer, in Frame request, string value)
    {
        var start = ResponseEncoder.Begin(answer, Opcode.Get, request.RequestId);
        var found = ResultCodec.BeginFound(answer);
        answer.WriteBytes(Encoding.UTF8.GetBytes(value));
        ResultCodec.EndFound(answer, found, found: true, Samples.Version, 0);
        answer.EndFrame(start);
    }

    private static async Task<KvsException> FailureOf(Task call) => await Assert.ThrowsAnyAsync<KvsException>(() => call);

    private static async Task<(bool Applied, int FailedIndex, ErrorCode FailedCode)> BatchOf(ValueTask<BatchResult> batch)
    {
        var result = await batch;
        return (result.Applied, result.FailedIndex, result.FailedCode);
    }

    private async Task AnswerAsync(OperationResult result)
    {
        var frame = await _server.ReceiveAsync();
        var request = new WriteRequest();
        request.Operations.Add(default);
        request.Results.Add(result);
        await _server.AnswerAsync(answer => ResponseEncoder.WriteCompleted(answer, frame.Opcode, frame.RequestId, request, default));
    }

    private async Task RefuseAsync(ErrorResponse error)
    {
        var frame = await _server.ReceiveAsync();
        await _server.AnswerAsync(answer => error.WriteTo(answer, frame.Opcode, frame.RequestId));
    }
}
