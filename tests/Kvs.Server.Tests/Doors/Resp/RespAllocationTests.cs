using System.Net;
using System.Net.Sockets;
using Kvs.Core.Platform;
using Kvs.Server.Configuration;
using Kvs.Server.Engines;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Server.Tests.Doors.Resp;

/// <summary>What a command costs the garbage collector, measured over the whole process as for the binary protocol.</summary>
[Collection("alone")]
public sealed class RespAllocationTests
{
    private const int WarmUp = 2_000;
    private const int Measured = 10_000;
    private static readonly string s_value = new('v', 100);

    [Theory]
    [InlineData(1, 64)]
    [InlineData(32, 8)]
    public Task A_get_costs_next_to_nothing(int pipeline, int bytesMax) =>
        MeasureAsync(RespWire.Command("GET", "key"), $"$100\r\n{s_value}\r\n".Length, pipeline, bytesMax);

    [Theory]
    [InlineData(1, 384)]
    [InlineData(32, 32)]
    [InlineData(200, 32)]
    public Task A_set_costs_next_to_nothing(int pipeline, int bytesMax) =>
        MeasureAsync(RespWire.Command("SET", "key", s_value), "+OK\r\n".Length, pipeline, bytesMax);

    private static async Task MeasureAsync(byte[] command, int replyBytes, int pipeline, int bytesMax)
    {
        using var directory = new TemporaryDirectory();
        Assert.True(DurabilityMode.TryParse("os", out var durability)); // the disk would only take time
        var options = new ServerOptions { DataDirectory = directory.FullPath, Durability = durability };
        var engine = await EngineOpener.OpenAsync(
            EngineName.Kvs, options, KvsEnvironment.Real(), _ => { }, CancellationToken.None);
        await using var server = RespFixture.Open(engine: engine);
        using (var client = await RespWire.ConnectAsync(server.Port))
        {
            await client.AskAsync("SET", "key", s_value);
        }

        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(IPAddress.Loopback, server.Port);
        byte[] burst = [.. Enumerable.Repeat(command, pipeline).SelectMany(bytes => bytes)];
        var replies = new byte[64 * 1024];
        Exchange(socket, burst, replies, replyBytes * pipeline, WarmUp / pipeline);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        Exchange(socket, burst, replies, replyBytes * pipeline, Measured / pipeline);
        var perCommand = (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Measured;
        Assert.True(perCommand <= bytesMax, $"{perCommand:0.0} bytes a command, {bytesMax} allowed.");
    }

    private static void Exchange(Socket socket, byte[] burst, byte[] replies, int replyBytes, int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            socket.Send(burst);
            for (var left = replyBytes; left > 0;)
            {
                left -= socket.Receive(replies, Math.Min(left, replies.Length), SocketFlags.None);
            }
        }
    }
}
