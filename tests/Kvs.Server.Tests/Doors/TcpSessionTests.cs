using System.Text;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Server.Tests.Doors;

/// <summary>What one connection sees.</summary>
public sealed class TcpSessionTests
{
    [Fact]
    public async Task Sets_and_gets_are_answered_in_request_order_and_a_get_sees_the_sets_before_it()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port);
        await client.Get(2, "a").Set(3, "a", "1").Get(4, "a").Set(5, "a", "2").Get(6, "a").Empty(
            7, Opcode.Ping).SendAsync();

        Assert.Null(await client.ReadValueAsync(2));
        var first = await client.ReadAppliedAsync(3);
        Assert.Equal("1", await client.ReadValueAsync(4));
        Assert.True(first < await client.ReadAppliedAsync(5));
        Assert.Equal("2", await client.ReadValueAsync(6));
        await client.ReadCodeAsync(7, ErrorCode.None);
    }

    [Fact]
    public async Task A_random_pipeline_is_answered_like_a_dictionary_whatever_the_cuts_between_sends()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port);
        await TestSeed.RunAsync(async seed =>
        {
            var random = new Random(seed);
            var model = new Dictionary<string, string>();
            var expected = new List<(bool IsGet, string? Value)>();
            for (var i = 0; i < 2_000; i++)
            {
                var key = $"k{random.Next(20)}";
                if (random.Next(2) == 0)
                {
                    expected.Add((true, model.GetValueOrDefault(key)));
                    client.Get((uint)i, key);
                }
                else
                {
                    model[key] = new string((char)('a' + (i % 26)), random.Next(300));
                    expected.Add((false, null));
                    client.Set((uint)i, key, model[key]);
                }
            }

            var sending = SendInPiecesAsync(client, random);
            for (var i = 0; i < expected.Count; i++)
            {
                if (expected[i].IsGet)
                {
                    Assert.Equal(expected[i].Value, await client.ReadValueAsync((uint)i));
                }
                else
                {
                    await client.ReadAppliedAsync((uint)i);
                }
            }

            await sending;
        });
    }

    [Fact]
    public async Task A_value_as_large_as_allowed_goes_in_and_out_and_one_byte_more_is_refused()
    {
        var options = DoorFixture.Options;
        await using var server = DoorFixture.Open(options);
        using var client = await WireClient.ConnectAsync(server.Port);
        var value = new byte[Limits.ValueBytesMax];
        new Random(1).NextBytes(value);
        await client.Write(2, Operation.Set("big", new KvsValue(value), null)).SendAsync();
        await client.ReadAppliedAsync(2);

        await client.Get(3, "big").SendAsync();
        var answer = await client.ReadAsync();
        Assert.Equal(ErrorCode.None, WireClient.CodeOf(answer, out var body));
        Assert.True(ResponseDecoder.TryReadResult(body, out var result));
        Assert.True(body.Span.Slice(result.ValueOffset, result.ValueLength).SequenceEqual(value));

        await client.Write(4, Operation.Set("big", new KvsValue(new byte[value.Length + 1]), null)).Get(
            5, "none").SendAsync();
        await client.ReadCodeAsync(4, ErrorCode.ValueTooLarge);
        Assert.Null(await client.ReadValueAsync(5));
        Assert.Equal(0, server.Door.Budgets.Queue.Held);
    }

    [Fact]
    public async Task An_answer_that_the_client_does_not_take_becomes_an_error_and_the_connection_goes_on()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port, frameBytesMax: 8192);
        await client.Set(2, "a", new string('x', 9000)).Set(3, "b", "small").SendAsync();
        await client.ReadAppliedAsync(2);
        await client.ReadAppliedAsync(3);

        // One after the other: each a point read, which is answered without the write path.
        await client.Get(4, "a").Get(5, "b").SendAsync();
        await client.ReadCodeAsync(4, ErrorCode.ValueTooLarge);
        Assert.Equal("small", await client.ReadValueAsync(5));

        // Behind a write: through the write path. The set itself is applied, although its previous value is too long.
        await client.Write(6, Operation.Set("a", "y", new SetOptions { ReturnPrevious = true })).Get(
            7, "a").SendAsync();
        var refused = WireClient.ErrorOf(await client.ReadCodeAsync(6, ErrorCode.ValueTooLarge));
        Assert.Equal(WriteOutcome.Applied, refused.Outcome);
        Assert.Equal("y", await client.ReadValueAsync(7));
    }

    [Fact]
    public async Task Requests_that_are_refused_alone_are_answered_in_their_turn()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port);
        var late = new RequestFields { Snapshot = 5 };
        await client.Set(2, "a", "1").Write(3, Operation.Remove("a", null), late).Get(4, "a").SendAsync();
        await client.ReadAppliedAsync(2);
        await client.ReadCodeAsync(3, ErrorCode.InvalidArgument);
        Assert.Equal("1", await client.ReadValueAsync(4));
    }

    [Fact]
    public async Task A_client_that_finishes_sending_still_gets_all_answers()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port);
        await client.Set(2, "a", "1").Get(3, "a").SendAsync();
        client.FinishSending();
        await client.ReadAppliedAsync(2);
        Assert.Equal("1", await client.ReadValueAsync(3));
        Assert.Null(await client.TryReadAsync());
    }

    [Fact]
    public async Task Info_tells_what_the_server_is()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port);
        await client.Empty(2, Opcode.Info).Empty(3, Opcode.Stats).SendAsync();
        Assert.Equal(ErrorCode.None, WireClient.CodeOf(await client.ReadAsync(), out var body));
        Assert.True(ServerInfoCodec.TryRead(body, out var info));
        Assert.Equal(("kvs-server", "1.2.3", "memory", 1), (info.Name, info.Version, info.Engine, info.Connections));
        Assert.Equal(ErrorCode.None, WireClient.CodeOf(await client.ReadAsync(), out body));
        Assert.True(StatsCodec.TryRead(body, out var stats));
        Assert.Equal("memory", stats.Engine);
    }

    [Fact]
    public async Task A_stat_tells_length_and_time_to_live_without_the_value()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port);
        var options = new SetOptions { TimeToLive = TimeSpan.FromHours(1) };
        await client.Write(2, Operation.Set("a", "12345", options)).SendAsync();
        await client.ReadAppliedAsync(2);
        await client.Write(3, new Operation
        {
            Kind = OperationKind.Stat,
            Key = Encoding.UTF8.GetBytes("a")
        }).SendAsync();
        Assert.Equal(ErrorCode.None, WireClient.CodeOf(await client.ReadAsync(), out var body));
        Assert.True(ResponseDecoder.TryReadResult(body, out var result));
        Assert.Equal((true, false, 5), (result.Existed, result.HasValue, result.ValueLength));
        Assert.InRange(result.Number, 1, 3_600_000);
    }

    [Fact]
    public async Task What_an_engine_cannot_do_is_an_error_and_no_broken_connection()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port);
        await client.Empty(2, Opcode.Compact).Empty(3, Opcode.Ping).SendAsync();
        await client.ReadCodeAsync(2, ErrorCode.NotSupported);
        await client.ReadCodeAsync(3, ErrorCode.None);
    }

    private static async Task SendInPiecesAsync(WireClient client, Random random)
    {
        ReadOnlyMemory<byte> bytes = client.TakeOutgoing();
        while (bytes.Length > 0)
        {
            var piece = Math.Min(bytes.Length, random.Next(1, 20_000));
            await client.SendRawAsync(bytes[..piece]);
            bytes = bytes[piece..];
        }
    }
}
