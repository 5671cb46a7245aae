using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Kvs.Bench.Figures;
using Kvs.Bench.Reports;
using Kvs.Bench.Servers;

namespace Kvs.Bench.Starts;

/// <summary>
/// How long a client takes from the start of its process to the first byte that it sends: what every call from a script pays.
/// It talks to a socket of the bench, which reads that byte and ends it.
/// </summary>
/// <param name="rounds">Rounds, interleaved.</param>
/// <param name="starts">Starts of each client in a round.</param>
/// <param name="progress">Told line by line.</param>
internal sealed class StartRun(int rounds, int starts, Action<string> progress)
{
    /// <summary>Name of the cell.</summary>
    internal const string Cell = "start";

    /// <summary>Name of our side.</summary>
    internal const string Own = "kvs-client";

    private const string Redis = "redis-cli";
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    /// <summary>What was left out, with the line that installs it.</summary>
    internal IReadOnlyList<string> Notes { get; } =
        Programs.Find(Redis) is null ? [$"{Redis} is not installed and left out; to install it: apt-get install redis-tools"] : [];

    /// <summary>Runs it.</summary>
    /// <returns>A result for each client and round.</returns>
    internal async Task<IReadOnlyList<CellResult>> RunAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        List<(string Name, ProcessStartInfo Start)> clients =
            [(Own, Silent(Programs.OwnClient(), "--addr", $"127.0.0.1:{port}", "get", "key"))];
        if (Programs.Find(Redis) is { } redis)
        {
            clients.Add((Redis, Silent(redis, "-h", "127.0.0.1", "-p", $"{port}", "get", "key")));
        }

        var results = new List<CellResult>();
        for (var round = 1; round <= rounds; round++)
        {
            foreach (var (name, start) in clients)
            {
                await MeasureAsync(start, listener); // brings its files into memory
                var latencies = new LatencyHistogram();
                for (var i = 0; i < starts; i++)
                {
                    latencies.Record(await MeasureAsync(start, listener));
                }

                results.Add(ResultOf(name, round, latencies));
                progress($"round {round} {name}: p50 {latencies.Micros(0.5):N0} us of {starts} starts");
            }
        }

        return results;
    }

    private static ProcessStartInfo Silent(string program, params string[] arguments) => new(program, arguments)
    {
        UseShellExecute = false,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };

    private static async Task<long> MeasureAsync(ProcessStartInfo start, TcpListener listener)
    {
        using var patience = new CancellationTokenSource(_patience);
        var before = Clock.Nanos;
        using var process = Process.Start(start)!;
        Socket? connection = null;
        try
        {
            connection = await listener.AcceptSocketAsync(patience.Token);
            var received = await connection.ReceiveAsync(new byte[1], patience.Token);
            var nanos = Clock.Nanos - before;
            return received == 1 ? nanos : throw new InvalidOperationException($"The bench is void: {start.FileName} has sent nothing.");
        }
        finally
        {
            process.Kill(); // while its connection stands: it must not come back by another one, which the next start would get
            await process.WaitForExitAsync(CancellationToken.None);
            connection?.Dispose();
        }
    }

    private static CellResult ResultOf(string side, int round, LatencyHistogram latencies) => new()
    {
        Cell = Cell,
        Side = side,
        Durability = "",
        Round = round,
        Rate = 1e6 / latencies.Micros(0.5),
        P50 = latencies.Micros(0.5),
        P90 = latencies.Micros(0.9),
        P99 = latencies.Micros(0.99),
        Max = latencies.Micros(1),
        SyncP50 = 0,
    };
}
