using Kvs.Core.Client;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;
using Kvs.Core.Tests.Protocol;
using Kvs.TestKit.Network;
using Xunit;

namespace Kvs.Core.Tests.Client;

/// <summary>Two nodes that do what the test says, and a client that goes on where it can.</summary>
public sealed class RetryTests : IAsyncDisposable
{
    private static readonly MemoryTransport s_network = new();
    private readonly ScriptedServer _a = new(s_network);
    private readonly ScriptedServer _b = new(s_network);
    private readonly ImpatientTime _time = new();

    public RetryTests()
    {
        _a.Ack = _a.Ack with { Features = Features.ExactlyOnce };
        _b.Ack = _b.Ack with { Features = Features.ExactlyOnce };
    }

    private KvsClientOptions Options => _a.Options with { TimeProvider = _time, Retry = true };

    public async ValueTask DisposeAsync()
    {
        await _a.DisposeAsync();
        await _b.DisposeAsync();
    }

    [Fact]
    public async Task A_hint_is_followed_although_it_is_not_in_the_list_and_later_calls_go_there_at_once()
    {
        await using var client = await ConnectAsync(_a.Address);
        var set = client.SetAsync("k", "v");
        await _a.RefuseAsync(await _a.ReceiveAsync(), NotPrimary(_b.Address));
        await _b.AcceptAsync();
        await _b.AnswerWriteAsync(await _b.ReceiveAsync());
        Assert.True((await set).Applied);
        Assert.Empty(_time.Pauses);

        var next = client.SetAsync("k", "w");
        await _b.AnswerWriteAsync(await _b.ReceiveAsync());
        Assert.True((await next).Applied);
    }

    [Fact]
    public async Task Two_nodes_that_name_each_other_are_asked_once_between_two_pauses_and_not_beyond_the_deadline()
    {
        await using var client = await ConnectAsync($"{_a.Address},{_b.Address}");
        var set = client.SetAsync("k", "v").AsTask();
        await _a.RefuseAsync(await _a.ReceiveAsync(), NotPrimary(_b.Address));
        await _b.AcceptAsync();
        await _b.RefuseAsync(await _b.ReceiveAsync(), NotPrimary(_a.Address));
        var asked = 2 + await RefuseUntilOverAsync(set);

        var failure = await Assert.ThrowsAsync<KvsNotPrimaryException>(() => set);
        Assert.Equal(WriteOutcome.NotApplied, failure.Outcome);
        Assert.InRange(asked, 2 * _time.Pauses.Count, 2 * (_time.Pauses.Count + 1));
        Assert.InRange(_time.Manual.GetTimestamp(), TimeSpan.FromSeconds(25).Ticks, TimeSpan.FromSeconds(30).Ticks);
    }

    [Fact]
    public async Task A_write_whose_answer_is_lost_is_repeated_under_its_number_by_the_same_client()
    {
        await using var client = await ConnectAsync($"{_a.Address},{_b.Address}");
        var set = client.SetAsync("k", "v", new SetOptions { Durability = Durability.Always });
        var (first, fields) = await _a.ReceiveWithFieldsAsync();
        Assert.Equal(
            new RequestFields { DeadlineMillis = 30_000, Durability = Durability.Always, RequestNumber = 1 }, fields);
        _time.Manual.Advance(TimeSpan.FromSeconds(2));
        _a.Close();

        await _b.AcceptAsync();
        var (again, repeated) = await _b.ReceiveWithFieldsAsync();
        Assert.Equal(fields with { DeadlineMillis = 28_000, Attempt = 2, AgeMillis = 2_000 }, repeated);
        Assert.Equal(first.Body.ToArray(), again.Body.ToArray());
        Assert.Equal((77ul, 77ul), (_a.Hello.ClientId, _b.Hello.ClientId));
        await _b.AnswerWriteAsync(again);
        Assert.True((await set).Applied);
    }

    [Fact]
    public async Task A_write_whose_answer_is_lost_is_not_repeated_when_its_server_keeps_no_numbers()
    {
        _a.Ack = _a.Ack with { Features = Features.Positions };
        await using var client = await ConnectAsync($"{_a.Address},{_b.Address}");
        var set = client.SetAsync("k", "v").AsTask();
        await _a.ReceiveAsync();
        _a.Close();
        var failure = await Assert.ThrowsAsync<KvsUnavailableException>(() => set);
        Assert.Equal((ErrorCode.OutcomeUnknown, WriteOutcome.Unknown), (failure.Code, failure.Outcome));
    }

    [Fact]
    public async Task Nor_where_the_next_server_keeps_none()
    {
        _b.Ack = _b.Ack with { Features = Features.Positions };
        await using var client = await ConnectAsync($"{_a.Address},{_b.Address}");
        var set = client.SetAsync("k", "v").AsTask();
        await _a.ReceiveAsync();
        _a.Close();
        await _b.AcceptAsync();
        var failure = await Assert.ThrowsAsync<KvsUnavailableException>(() => set);
        Assert.Equal((ErrorCode.OutcomeUnknown, WriteOutcome.Unknown), (failure.Code, failure.Outcome));

        var ping = client.PingAsync();
        var frame = await _b.ReceiveAsync();
        Assert.Equal(Opcode.Ping, frame.Opcode);
        await _b.AnswerOkAsync(in frame);
        await ping;
    }

    [Fact]
    public async Task What_a_later_node_did_not_do_says_nothing_of_the_try_whose_answer_was_lost()
    {
        await using var client = await ConnectAsync($"{_a.Address},{_b.Address}");
        var set = client.SetAsync("k", "v").AsTask();
        await _a.ReceiveAsync();
        _a.Close();
        _a.StopListening();
        await _b.AcceptAsync();
        await RefuseUntilOverAsync(set, _b);
        var failure = await Assert.ThrowsAsync<KvsUnavailableException>(() => set);
        Assert.Equal((ErrorCode.OutcomeUnknown, WriteOutcome.Unknown), (failure.Code, failure.Outcome));
        Assert.StartsWith("not here", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task But_what_the_primary_judged_by_its_table_holds_for_all_tries()
    {
        await using var client = await ConnectAsync($"{_a.Address},{_b.Address}");
        var increment = client.IncrementAsync("k").AsTask();
        await _a.ReceiveAsync();
        _a.Close();
        await _b.AcceptAsync();
        await _b.RefuseAsync(await _b.ReceiveAsync(), new ErrorResponse(ErrorCode.NotAnInteger, WriteOutcome.NotApplied, "no"));
        var failure = await Assert.ThrowsAsync<KvsException>(() => increment);
        Assert.Equal((ErrorCode.NotAnInteger, WriteOutcome.NotApplied), (failure.Code, failure.Outcome));
    }

    [Fact]
    public async Task A_read_whose_connection_breaks_is_made_again_at_the_next_address()
    {
        await using var client = await ConnectAsync($"{_a.Address},{_b.Address}");
        var count = client.CountAsync();
        await _a.ReceiveAsync();
        _a.Close();
        await _b.AcceptAsync();
        var frame = await _b.ReceiveAsync();
        await _b.AnswerAsync(answer => ResponseEncoder.WriteCount(answer, frame.RequestId, 5));
        Assert.Equal(5, await count);
    }

    [Fact]
    public async Task A_node_without_room_is_asked_again_after_longer_and_longer_pauses_each_time_with_less_time()
    {
        await using var client = await ConnectAsync($"{_a.Address},{_b.Address}");
        var set = client.SetAsync("k", "v").AsTask();
        var left = uint.MaxValue;
        for (var i = 1; i <= 5; i++)
        {
            var (frame, fields) = await _a.ReceiveWithFieldsAsync();
            Assert.True(fields.DeadlineMillis < left);
            Assert.Equal((1ul, i == 1 ? 0 : i), (fields.RequestNumber, fields.Attempt));
            left = fields.DeadlineMillis;
            await _a.RefuseAsync(frame, new ErrorResponse(ErrorCode.Overloaded, WriteOutcome.NotApplied, "full"));
        }

        await _a.AnswerWriteAsync(await _a.ReceiveAsync());
        await set;
        Assert.Equal(_time.Pauses.Order(), _time.Pauses);
        Assert.Equal(5, _time.Pauses.Count);
    }

    [Fact]
    public async Task What_no_time_can_mend_is_not_tried_again()
    {
        await using var client = await ConnectAsync($"{_a.Address},{_b.Address}");
        foreach (var code in new[] { ErrorCode.KeyTooLarge, ErrorCode.DiskFull, ErrorCode.DeadlineExceeded, ErrorCode.TokenLost })
        {
            var set = client.SetAsync("k", "v").AsTask();
            await _a.RefuseAsync(await _a.ReceiveAsync(), new ErrorResponse(code, WriteOutcome.NotApplied, "no"));
            Assert.Equal(code, (await Assert.ThrowsAnyAsync<KvsException>(() => set)).Code);
        }

        Assert.Empty(_time.Pauses);
    }

    [Fact]
    public async Task A_position_is_looked_for_at_other_nodes_and_given_up_where_there_is_none()
    {
        var stale = new ErrorResponse(ErrorCode.TooStale, WriteOutcome.NotApplied, "behind");
        await using var one = await ConnectAsync(_a.Address);
        var refused = one.CountAsync().AsTask();
        await _a.RefuseAsync(await _a.ReceiveAsync(), stale);
        Assert.Equal(ErrorCode.TooStale, (await Assert.ThrowsAnyAsync<KvsException>(() => refused)).Code);

        await using var two = await ConnectAsync($"{_a.Address},{_b.Address}");
        var count = two.CountAsync();
        await _a.RefuseAsync(await _a.ReceiveAsync(), stale);
        await _b.AcceptAsync();
        var frame = await _b.ReceiveAsync();
        await _b.AnswerAsync(answer => ResponseEncoder.WriteCount(answer, frame.RequestId, 5));
        Assert.Equal(5, await count);
    }

    [Fact]
    public async Task Whoever_waits_at_a_node_that_is_left_gets_the_answer_of_that_node()
    {
        await using var client = await ConnectAsync($"{_a.Address},{_b.Address}");
        var set = client.SetAsync("k", "v");
        var count = client.CountAsync();
        await _a.RefuseAsync(await _a.ReceiveAsync(), NotPrimary(_b.Address));
        await _b.AcceptAsync();
        await _b.AnswerWriteAsync(await _b.ReceiveAsync());
        await set;
        var frame = await _a.ReceiveAsync();
        await _a.AnswerAsync(answer => ResponseEncoder.WriteCount(answer, frame.RequestId, 5));
        Assert.Equal(5, await count);
    }

    [Fact]
    public async Task When_nobody_can_be_reached_the_call_goes_on_until_its_time_is_over_and_says_why()
    {
        await using var client = await ConnectAsync($"{_a.Address},{_b.Address}");
        _a.StopListening();
        _b.StopListening();
        var read = client.GetAsync("k").AsTask();
        await _a.ReceiveAsync();
        _a.Close();
        var failure = await Assert.ThrowsAsync<KvsUnavailableException>(() => read);
        Assert.Equal(ErrorCode.Unreachable, failure.Code);
        Assert.Contains(_b.Address, failure.Message, StringComparison.Ordinal);
        Assert.InRange(_time.Manual.GetTimestamp(), TimeSpan.FromSeconds(28).Ticks, TimeSpan.FromSeconds(30).Ticks);
    }

    [Fact]
    public async Task A_node_that_is_frozen_is_left_and_one_that_is_slow_is_waited_for()
    {
        await using var client = await ConnectAsync($"{_a.Address},{_b.Address}");
        var set = client.SetAsync("k", "v");
        await _a.ReceiveAsync();
        var look = TimeSpan.FromSeconds(1.5);
        _time.Manual.Advance(look);
        _time.Manual.Advance(look);

        // It shakes hands with the second connection: it lives.
        await _a.AcceptAsync();
        await _a.ReceiveEndAsync();
        Assert.False(set.IsCompleted);

        // From here on it does not.
        _time.Manual.Advance(look);
        _time.Manual.Advance(look);
        _time.Manual.Advance(look);
        await _b.AcceptAsync();
        var (frame, fields) = await _b.ReceiveWithFieldsAsync();
        Assert.Equal((1ul, 2), (fields.RequestNumber, fields.Attempt));
        await _b.AnswerWriteAsync(frame);
        Assert.True((await set).Applied);
    }

    [Fact]
    public async Task Done_through_tells_what_was_answered()
    {
        await using var client = await ConnectAsync(_a.Address);
        var first = client.SetAsync("k", "1");
        var second = client.SetAsync("k", "2");
        var (one, oneFields) = await _a.ReceiveWithFieldsAsync();
        var (two, twoFields) = await _a.ReceiveWithFieldsAsync();
        Assert.Equal((0ul, 0ul), (oneFields.DoneThrough, twoFields.DoneThrough));
        await _a.AnswerWriteAsync(one);
        await first;
        var third = client.SetAsync("k", "3");
        var (three, threeFields) = await _a.ReceiveWithFieldsAsync();
        Assert.Equal((3ul, 1ul), (threeFields.RequestNumber, threeFields.DoneThrough));
        await _a.AnswerWriteAsync(two);
        await _a.AnswerWriteAsync(three);
        await second;
        await third;
    }

    [Fact]
    public async Task Reads_say_what_they_may_miss_and_writes_where_they_want_to_go()
    {
        var options = Options with { Redirect = true, Reads = new ReadOptions { Consistency = Consistency.Stale } };
        await using var client = await ConnectAsync(_a.Address, options);
        Task ignored = client.GetAsync("k").AsTask();
        var (_, fields) = await _a.ReceiveWithFieldsAsync();
        Assert.Equal(new RequestFields { DeadlineMillis = 30_000, Consistency = Consistency.Stale }, fields);

        ignored = client.Reading(new ReadOptions { AtLeast = Samples.Version }).CountAsync().AsTask();
        (_, fields) = await _a.ReceiveWithFieldsAsync();
        Assert.Equal(new RequestFields { DeadlineMillis = 30_000, AtLeast = Samples.Version }, fields);

        ignored = client.RemoveAsync("k").AsTask();
        (_, fields) = await _a.ReceiveWithFieldsAsync();
        Assert.Equal(new RequestFields { DeadlineMillis = 30_000, RequestNumber = 1, Redirect = true }, fields);
        await client.DisposeAsync();
        await Assert.ThrowsAnyAsync<KvsException>(() => ignored);
    }

    [Fact]
    public async Task The_highest_position_that_was_told_is_kept()
    {
        await using var client = await ConnectAsync(_a.Address);
        Assert.Equal(KvsVersion.None, client.LastPosition);
        var newest = Samples.Version with { Sequence = 50 };
        foreach (var (told, highest) in new[] { (Samples.Version, Samples.Version), (newest, newest), (Samples.Version, newest) })
        {
            var count = client.CountAsync();
            var frame = await _a.ReceiveAsync();
            await _a.AnswerAsync(answer => ResponseEncoder.WriteCount(answer, frame.RequestId, 5, told));
            await count;
            Assert.Equal(highest, client.LastPosition);
        }
    }

    [Fact]
    public async Task A_scan_begins_again_elsewhere_until_its_first_chunk_is_there()
    {
        await using var client = await ConnectAsync($"{_a.Address},{_b.Address}");
        await using var scan = client.ScanAsync().GetAsyncEnumerator();
        var moving = scan.MoveNextAsync().AsTask();
        await _a.ReceiveAsync();
        _a.Close();
        await _b.AcceptAsync();
        var frame = await _b.ReceiveAsync();
        await _b.AnswerAsync(answer =>
        {
            var start = ScanChunkCodec.Begin(answer, Opcode.Scan, frame.RequestId, Samples.Version, tellsPosition: true);
            ScanChunkCodec.EndEntry(answer, ScanChunkCodec.BeginEntry(answer, "k"u8), Samples.Version, 0);
            ScanChunkCodec.End(answer, start, 1, null, more: true);
        });
        Assert.True(await moving);
        Assert.Equal(("k", Samples.Version), (scan.Current.Key.ToString(), client.LastPosition));
        _b.Close();
        var failure = await Assert.ThrowsAnyAsync<KvsException>(async () => await scan.MoveNextAsync());
        Assert.Equal(ErrorCode.Unreachable, failure.Code);
    }

    [Fact]
    public async Task Nothing_is_tried_again_when_the_client_is_disposed()
    {
        var client = await ConnectAsync($"{_a.Address},{_b.Address}");
        var set = client.SetAsync("k", "v").AsTask();
        await _a.ReceiveAsync();
        await client.DisposeAsync();
        var failure = await Assert.ThrowsAsync<KvsUnavailableException>(() => set);
        Assert.Equal(WriteOutcome.Unknown, failure.Outcome);
    }

    private static ErrorResponse NotPrimary(string? hint) => new(ErrorCode.NotPrimary, WriteOutcome.NotApplied, "not here")
    {
        Fields = new ResponseFields { Primary = hint },
    };

    private async Task<KvsClient> ConnectAsync(string addresses, KvsClientOptions? options = null)
    {
        var connecting = KvsClient.ConnectAsync(addresses, options ?? Options);
        await _a.AcceptAsync();
        return await connecting;
    }

    /// <summary>Each node names the other one, in turn, until the call has ended; or one node names none.</summary>
    private async Task<int> RefuseUntilOverAsync(Task call, ScriptedServer? only = null)
    {
        var node = only ?? _a;
        for (var asked = 0; ; asked++)
        {
            var receiving = node.ReceiveAsync();
            if (await Task.WhenAny(call, receiving) == call)
            {
                return asked;
            }

            var other = node == _a ? _b : _a;
            await node.RefuseAsync(await receiving, NotPrimary(only is null ? other.Address : null));
            node = only ?? other;
        }
    }
}
