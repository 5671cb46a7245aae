using System.Net;
using System.Net.Sockets;
using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.Core.Protocol.Requests;
using Kvs.Server.Configuration;
using Kvs.Server.Engines;
using Kvs.Server.Hosting;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Server.Tests.Doors;

/// <summary>
/// What a request costs the garbage collector, measured over the whole process with a client that allocates nothing.
/// </summary>
[Collection("alone")]
public sealed class AllocationTests
{
    private const int WarmUp = 2_000;
    private const int Measured = 10_000;
    private const ulong NumberMark = 0x0102_0304_0506_0708;
    private const ulong DoneMark = 0x1112_1314_1516_1718;
    private static readonly string _value = new('v', 100);

    [Theory]
    [InlineData(1, 64)]
    [InlineData(32, 8)]
    public Task A_get_from_the_kvs_engine_costs_next_to_nothing(int pipeline, int bytesMax) =>
        MeasureAsync(client => client.Get(1, "key"), pipeline, bytesMax);

    /// <summary>
    /// A group makes one root of the index, 88 bytes, which readers may hold for any time; the rest is what sealing a
    /// segment costs, now and then. One at a time it was 110 to 260 on two cores, by how the threads happened to meet.
    /// </summary>
    [Theory]
    [InlineData(1, 384)]
    [InlineData(32, 32)]
    [InlineData(200, 32)]
    public Task A_set_on_the_kvs_engine_costs_next_to_nothing(int pipeline, int bytesMax) =>
        MeasureAsync(client => client.Set(1, "key", _value), pipeline, bytesMax);

    /// <summary>A numbered one costs the same: its place in the table is one that was free again.</summary>
    [Theory]
    [InlineData(1, 384)]
    [InlineData(32, 32)]
    [InlineData(200, 32)]
    public Task A_numbered_set_costs_no_more(int pipeline, int bytesMax)
    {
        var fields = new RequestFields { RequestNumber = NumberMark, DoneThrough = DoneMark };
        return MeasureAsync(
            client => client.Write(1, Operation.Set("key", _value, null), fields), pipeline, bytesMax, new Numbering());
    }

    /// <summary>The answer of a repetition is laid out in what its burst holds anyway.</summary>
    [Theory]
    [InlineData(1, 384)]
    [InlineData(200, 32)]
    public Task A_repeated_set_costs_no_more(int pipeline, int bytesMax) =>
        MeasureAsync(
            client => client.Write(1, Operation.Set("key", _value, null), new RequestFields { RequestNumber = 1, Attempt = 2 }),
            pipeline,
            bytesMax);

    private static async Task MeasureAsync(
        Action<WireClient> request, int pipeline, int bytesMax, Numbering? numbering = null)
    {
        using var directory = new TemporaryDirectory();
        Assert.True(DurabilityMode.TryParse("os", out var durability)); // the disk would only take time
        var options = new ServerOptions { DataDirectory = directory.FullPath, Durability = durability };
        var engine = await EngineOpener.OpenAsync(
            EngineName.Kvs, options, KvsEnvironment.Real(), _ => { }, CancellationToken.None);
        await using var server = DoorFixture.Open(engine: engine);
        using var prepared = await WireClient.ConnectAsync(server.Port);
        await prepared.Set(1, "key", _value).SendAsync();
        await prepared.ReadAppliedAsync(1);
        var hello = prepared.Write(target => WireClient.NewHello().Write(target, 1)).TakeOutgoing();
        for (var i = 0; i < pipeline; i++)
        {
            request(prepared);
        }

        var burst = prepared.TakeOutgoing();
        numbering?.Find(burst);
        numbering?.Renumber(burst);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(IPAddress.Loopback, server.Port);
        socket.Send(hello);
        var answers = new byte[64 * 1024];
        socket.Receive(answers);
        socket.Send(burst);
        var answerBytes = ReceiveOneBurst(socket, answers, pipeline);

        Exchange(socket, burst, answers, answerBytes, WarmUp / pipeline, numbering);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        Exchange(socket, burst, answers, answerBytes, Measured / pipeline, numbering);
        var perRequest = (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Measured;
        Assert.True(perRequest <= bytesMax, $"{perRequest:0.0} bytes a request, {bytesMax} allowed.");
    }

    /// <summary>Every answer has the same length, which the first one tells.</summary>
    private static int ReceiveOneBurst(Socket socket, byte[] answers, int pipeline)
    {
        var received = 0;
        var expected = sizeof(uint);
        while (received < expected)
        {
            received += socket.Receive(answers.AsSpan(received));
            expected = pipeline * (sizeof(uint) + BitConverter.ToInt32(answers));
        }

        return expected;
    }

    private static void Exchange(
        Socket socket, byte[] burst, byte[] answers, int answerBytes, int rounds, Numbering? numbering)
    {
        for (var round = 0; round < rounds; round++)
        {
            numbering?.Renumber(burst);
            socket.Send(burst);
            for (var left = answerBytes; left > 0;)
            {
                left -= socket.Receive(answers, Math.Min(left, answers.Length), SocketFlags.None);
            }
        }
    }

    /// <summary>Gives each request of a burst a new number, where it lies, and says that those of the last are answered.</summary>
    private sealed class Numbering
    {
        private readonly List<int> _numbers = [];
        private readonly List<int> _done = [];
        private ulong _last;

        internal void Find(byte[] burst)
        {
            for (var at = 0; at <= burst.Length - sizeof(ulong); at++)
            {
                var word = BitConverter.ToUInt64(burst, at);
                if (word is NumberMark or DoneMark)
                {
                    (word == NumberMark ? _numbers : _done).Add(at);
                }
            }
        }

        internal void Renumber(byte[] burst)
        {
            var done = _last;
            foreach (var at in _numbers)
            {
                BitConverter.TryWriteBytes(burst.AsSpan(at), ++_last);
            }

            foreach (var at in _done)
            {
                BitConverter.TryWriteBytes(burst.AsSpan(at), Math.Max(1, done));
            }
        }
    }
}

/// <summary>Tests that measure the process run while no other test does.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class RunsAlone;
