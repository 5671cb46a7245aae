using System.Globalization;
using Kvs.Bench.Figures;
using Kvs.Bench.Workloads;

namespace Kvs.Bench.Overload;

/// <summary>
/// Many clients that send many times what a server can do: what those wait whose writes it has taken, what one polite client
/// waits that asks beside them, how much memory it takes, and how soon it answers when they are gone.
/// </summary>
internal static class FloodRun
{
    private const long MiB = 1024 * 1024;
    private static readonly TimeSpan _capacityTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(100);

    /// <summary>Runs it and prints a line for each door.</summary>
    /// <param name="directory">Where data go.</param>
    /// <param name="load">The load.</param>
    /// <param name="output">Gets the lines.</param>
    /// <returns>Whether the server stayed within its memory and answered in time.</returns>
    internal static async Task<bool> RunAsync(string directory, FloodLoad load, TextWriter output)
    {
        var kept = true;
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"{load.Clients} clients that each keep {load.Factor} times the writes on their way with which the server is busy already ({FloodClient.BlockWrites}), {load.Time.TotalSeconds:0} s; memory-limit {load.MemoryMiB} MiB"));
        await output.WriteLineAsync("| door | capacity/s | done/s | refused/s | p50, ms | p99, ms | longest, ms | refused p99, ms | polite p50, ms | p99, ms | longest, ms | memory, MiB | answer afterwards, ms |");
        await output.WriteLineAsync("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (var wire in DoorWire.All.Where(wire => load.Doors.Contains(wire.Name)))
        {
            await using var server = await LoadedServer.StartAsync(wire, directory, "--memory-limit", $"{load.MemoryMiB}MiB");
            var result = await MeasureAsync(server, wire, load);
            await output.WriteLineAsync(result.Line(wire.Name));
            kept &= result.Keeps(load);
        }

        return kept;
    }

    private static async Task<FloodResult> MeasureAsync(LoadedServer server, DoorWire wire, FloodLoad load)
    {
        var capacity = await CapacityAsync(server, wire, load);
        using var stop = new CancellationTokenSource(load.Time);
        var clients = await OpenAsync(server, wire, load);
        var clock = TimeProvider.System;
        var start = clock.GetTimestamp();
        var polite = PoliteAsync(server, wire, stop.Token);
        var memory = LookAsync(server, stop.Token);
        var running = clients.Select(client => Task.Run(() => client.RunAsync(load.Factor, stop.Token))).ToList();
        var most = await memory;
        var elapsed = clock.GetElapsedTime(start).TotalSeconds;
        var done = clients.Sum(static client => client.Answers.Done);
        var refused = clients.Sum(static client => client.Answers.Refused);
        clients.ForEach(static client => client.Dispose());
        var afterwards = await FirstAnswerAsync(server, wire);
        await Task.WhenAll(running);
        return new FloodResult(capacity, done / elapsed, refused / elapsed, clients, await polite, most, afterwards);
    }

    private static async Task<double> CapacityAsync(LoadedServer server, DoorWire wire, FloodLoad load)
    {
        var clients = await OpenAsync(server, wire, load);
        using var stop = new CancellationTokenSource(_capacityTime);
        var start = TimeProvider.System.GetTimestamp();
        var running = clients.Select(client => Task.Run(() => client.RunAsync(1, stop.Token))).ToList();
        await Task.Delay(_capacityTime, TimeProvider.System);
        var perSecond = clients.Sum(static client => client.Answers.Done) / TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        clients.ForEach(static client => client.Dispose());
        await Task.WhenAll(running);
        return perSecond;
    }

    private static async Task<List<FloodClient>> OpenAsync(LoadedServer server, DoorWire wire, FloodLoad load)
    {
        var clients = new List<FloodClient>();
        for (var number = 0; number < load.Clients; number++)
        {
            clients.Add(await FloodClient.OpenAsync(server, wire, number, load.ValueBytes));
        }

        return clients;
    }

    // One write at a time, a hundred a second: what somebody notices who has nothing to do with the flood.
    private static async Task<LatencyHistogram> PoliteAsync(LoadedServer server, DoorWire wire, CancellationToken stop)
    {
        var latencies = new LatencyHistogram();
        var clock = TimeProvider.System;
        using var client = await LoadClient.OpenAsync(server, wire);
        var write = wire.Set("polite"u8.ToArray(), BenchKeys.Value(100, 1))!;
        while (!stop.IsCancellationRequested)
        {
            var before = clock.GetTimestamp();
            await client.SendAsync(write);
            await client.ReceiveAsync(1);
            latencies.Record((long)clock.GetElapsedTime(before).TotalNanoseconds);
            await Task.Delay(TimeSpan.FromMilliseconds(10), clock, CancellationToken.None);
        }

        return latencies;
    }

    private static async Task<long> LookAsync(LoadedServer server, CancellationToken stop)
    {
        var most = 0L;
        while (!stop.IsCancellationRequested && server.Lives)
        {
            most = Math.Max(most, server.AnonymousBytes);
            await Task.Delay(_look, TimeProvider.System, CancellationToken.None);
        }

        return server.Lives ? most : throw new InvalidOperationException("The server has ended.");
    }

    private static async Task<TimeSpan> FirstAnswerAsync(LoadedServer server, DoorWire wire)
    {
        var start = TimeProvider.System.GetTimestamp();
        using var client = await LoadClient.OpenAsync(server, wire);
        await client.SendAsync(wire.Set("afterwards"u8.ToArray(), BenchKeys.Value(100, 1))!);
        await client.ReceiveAsync(1);
        return TimeProvider.System.GetElapsedTime(start);
    }

    private sealed record FloodResult(
        double Capacity, double Done, double Refused, List<FloodClient> Clients, LatencyHistogram Polite, long Memory, TimeSpan Afterwards)
    {
        private readonly LatencyHistogram _admitted = Sum(Clients.Select(static client => client.Latencies));
        private readonly LatencyHistogram _refused = Sum(Clients.Select(static client => client.Refusals));

        internal string Line(string door) => string.Create(CultureInfo.InvariantCulture,
            $"| {door} | {Capacity:N0} | {Done:N0} | {Refused:N0} | {Waits(_admitted)} | {_refused.Micros(0.99) / 1000:N0} | {Waits(Polite)} | {Memory / MiB} | {Afterwards.TotalMilliseconds:N0} |");

        internal bool Keeps(FloodLoad load) =>
            Memory <= load.MemoryMiB * MiB
            && Math.Max(_admitted.Micros(0.99), Polite.Micros(0.99)) <= load.WaitMax.TotalMicroseconds
            && Afterwards <= load.WaitMax;

        private static LatencyHistogram Sum(IEnumerable<LatencyHistogram> parts)
        {
            var sum = new LatencyHistogram();
            foreach (var part in parts)
            {
                sum.Add(part);
            }

            return sum;
        }

        private static string Waits(LatencyHistogram waits) => string.Create(CultureInfo.InvariantCulture,
            $"{waits.Micros(0.5) / 1000:N0} | {waits.Micros(0.99) / 1000:N0} | {waits.MaxNanos / 1e6:N0}");
    }
}
