using System.Collections.Concurrent;
using System.Net.Sockets;
using Kvs.Bench.Figures;
using Kvs.Bench.Workloads;

namespace Kvs.Bench.Overload;

/// <summary>
/// One client of a flood: it keeps so many blocks of writes on their way, whatever is answered. A block counts from before it
/// is sent until its last write is answered. Threading: one task sends, one receives. Ownership: of its connection.
/// </summary>
internal sealed class FloodClient : IDisposable
{
    /// <summary>Writes of a block.</summary>
    internal const int BlockWrites = 32;

    private readonly LoadClient _connection;
    private readonly byte[] _block;
    private readonly ConcurrentQueue<(long Through, long SentAt)> _sent = new();

    private FloodClient(LoadClient connection, byte[] block)
    {
        _connection = connection;
        _block = block;
    }

    /// <summary>Waits of blocks of which something was done.</summary>
    internal LatencyHistogram Latencies { get; } = new();

    /// <summary>Waits of blocks that were refused.</summary>
    internal LatencyHistogram Refusals { get; } = new();

    /// <summary>The answers.</summary>
    internal AnswerCount Answers { get; private set; }

    /// <summary>Connects.</summary>
    /// <param name="server">The server.</param>
    /// <param name="wire">The door.</param>
    /// <param name="number">Its number: each writes keys of its own.</param>
    /// <param name="valueBytes">Bytes of a value.</param>
    internal static async Task<FloodClient> OpenAsync(LoadedServer server, DoorWire wire, int number, int valueBytes)
    {
        var value = BenchKeys.Value(valueBytes, number);
        byte[] block = [.. Enumerable.Range(0, BlockWrites).SelectMany(i => wire.Set(BenchKeys.Key((number * BlockWrites) + i), value)!)];
        return new FloodClient(await LoadClient.OpenAsync(server, wire), block);
    }

    /// <summary>Sends until it is time to stop; receives until it is disposed.</summary>
    /// <param name="blocks">Blocks that it keeps on their way.</param>
    /// <param name="stop">Ends the sending.</param>
    internal async Task RunAsync(int blocks, CancellationToken stop)
    {
        using var room = new SemaphoreSlim(blocks);
        var sending = SendAsync(room, stop);
        try
        {
            await ReceiveAsync(room);
        }
        catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
        {
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // its end is the same
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    private async Task SendAsync(SemaphoreSlim room, CancellationToken stop)
    {
        for (long number = 1; !stop.IsCancellationRequested; number++)
        {
            await room.WaitAsync(stop);
            _sent.Enqueue((number * BlockWrites, TimeProvider.System.GetTimestamp()));
            await _connection.SendAsync(_block);
        }
    }

    private async Task ReceiveAsync(SemaphoreSlim room)
    {
        while (true)
        {
            var count = await _connection.ReceiveAsync(1);
            var all = Answers;
            all.Done += count.Done;
            all.Refused += count.Refused;
            Answers = all;
            while (_sent.TryPeek(out var block) && block.Through <= all.All)
            {
                _sent.TryDequeue(out _);
                (count.Done > 0 ? Latencies : Refusals).Record((long)TimeProvider.System.GetElapsedTime(block.SentAt).TotalNanoseconds);
                room.Release();
            }
        }
    }
}
