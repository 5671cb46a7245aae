using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Server.Tests.Doors;

/// <summary>Writes that are repeated under their numbers, over the wire.</summary>
public sealed class RepeatedWriteTests
{
    private static readonly Operation _count = new() { Kind = OperationKind.Increment, Key = "n"u8.ToArray(), Delta = 1 };

    [Fact]
    public async Task A_write_repeated_on_another_connection_and_after_a_restart_is_applied_once()
    {
        using var directory = new TemporaryDirectory();
        KvsVersion first;
        await using (var server = await OpenAsync(directory.FullPath))
        {
            using var client = await WireClient.ConnectAsync(server.Port);
            first = await CountAsync(client, new RequestFields { RequestNumber = 1 });
            using var another = await WireClient.ConnectAsync(server.Port);
            Assert.Equal(first, await CountAsync(another, new RequestFields { RequestNumber = 1, Attempt = 2, AgeMillis = 900 }));
        }

        await using (var server = await OpenAsync(directory.FullPath))
        {
            using var client = await WireClient.ConnectAsync(server.Port);
            Assert.Equal(first, await CountAsync(client, new RequestFields { RequestNumber = 1, Attempt = 3, AgeMillis = 2000 }));
            await client.Write(9, _count, new RequestFields { RequestNumber = 2, Attempt = 2, AgeMillis = 3_600_000 }).SendAsync();
            var late = WireClient.ErrorOf(await client.ReadAsync());
            Assert.Equal((ErrorCode.OutcomeUnknown, WriteOutcome.Unknown), (late.Code, late.Outcome));
        }
    }

    [Fact]
    public async Task The_answer_to_the_handshake_tells_whether_the_engine_keeps_a_table()
    {
        using var directory = new TemporaryDirectory();
        await using var kept = await OpenAsync(directory.FullPath);
        await using var forgetful = DoorFixture.Open();
        Assert.True((await FeaturesOfAsync(kept.Port)).HasFlag(Features.ExactlyOnce));
        Assert.False((await FeaturesOfAsync(forgetful.Port)).HasFlag(Features.ExactlyOnce));
    }

    private static async Task<Features> FeaturesOfAsync(int port)
    {
        using var client = await WireClient.ConnectRawAsync(port);
        await client.Write(target => WireClient.NewHello().Write(target, 1)).SendAsync();
        Assert.Equal(ErrorCode.None, WireClient.CodeOf(await client.ReadAsync(), out var body));
        Assert.True(HelloAck.TryRead(body, out var ack));
        return ack.Features;
    }

    private static async Task<KvsVersion> CountAsync(WireClient client, RequestFields fields)
    {
        await client.Write(5, _count, fields).SendAsync();
        Assert.Equal(ErrorCode.None, WireClient.CodeOf(await client.ReadAsync(), out var body));
        Assert.True(ResponseDecoder.TryReadWrite(body, out var version, out var result));
        Assert.Equal(1, result.Number);
        return version;
    }

    private static async Task<DoorFixture> OpenAsync(string path) => DoorFixture.Open(engine: await LogEngine.OpenAsync(
        path, new LogEngineOptions { Durability = Durability.Os }, KvsEnvironment.Real(), CancellationToken.None));
}
