using System.Globalization;
using Kvs.Bench.Figures;
using Kvs.Bench.Workloads;

namespace Kvs.Bench.Clusters;

/// <summary>
/// What a cluster costs: durable sets at one node, at three of a fixed list (quorum), at three in etcd (isr), and at three
/// members of etcd, all on this machine and in the same rounds.
/// </summary>
internal static class ClusterRun
{
    private const int Keys = 100_000;

    /// <summary>Runs it and prints a table of medians.</summary>
    /// <param name="directory">Where data go.</param>
    /// <param name="clients">Numbers of clients.</param>
    /// <param name="valueBytes">Bytes of a value.</param>
    /// <param name="seconds">Seconds of a cell.</param>
    /// <param name="rounds">Rounds, interleaved.</param>
    /// <param name="output">Gets the table.</param>
    internal static async Task RunAsync(
        string directory, int[] clients, int valueBytes, double seconds, int rounds, TextWriter output)
    {
        var (plane, address) = await ClusterTarget.EtcdAsync("plane", directory, 1);
        await using var _ = plane;
        var (peer, _) = await ClusterTarget.EtcdAsync("etcd", directory, 3);
        ClusterTarget[] targets =
        [
            peer,
            await ClusterTarget.OursAsync("one", directory, 1, null),
            await ClusterTarget.OursAsync("quorum", directory, 3, null),
            await ClusterTarget.OursAsync("isr", directory, 3, address),
        ];
        var cells = new List<(string Target, int Clients, int Round, double Rate, double P50, double P99)>();
        for (var round = 0; round < rounds; round++)
        {
            foreach (var count in clients)
            {
                foreach (var target in targets)
                {
                    var (latencies, elapsed) = await MeasureAsync(await target.ClientsAsync(count), valueBytes, seconds, round);
                    var cell = (target.Name, count, round, latencies.Count / elapsed.TotalSeconds,
                        latencies.Micros(0.50), latencies.Micros(0.99));
                    cells.Add(cell);
                    await Console.Error.WriteLineAsync(string.Create(
                        CultureInfo.InvariantCulture, $"round {round} {target.Name} {count}: {cell.Item4:N0}/s, p50 {cell.Item5:N0} us, p99 {cell.Item6:N0} us"));
                }
            }
        }

        await PrintAsync(cells, clients, targets, output);
        foreach (var target in targets)
        {
            await target.DisposeAsync();
        }
    }

    private static Task<(LatencyHistogram Latencies, TimeSpan Elapsed)> MeasureAsync(
        IReadOnlyList<Func<byte[], byte[], Task>> sets, int valueBytes, double seconds, int seed) =>
        ClosedLoop.MeasureAsync(sets.Count, Keys, TimeSpan.FromSeconds(seconds), i => (seed * 1000) + i, i =>
        {
            var value = BenchKeys.Value(valueBytes, i);
            return key => new ValueTask(sets[i](key, value));
        });

    private static async Task PrintAsync(
        List<(string Target, int Clients, int Round, double Rate, double P50, double P99)> cells,
        int[] clients, ClusterTarget[] targets, TextWriter output)
    {
        await output.WriteLineAsync("| clients | target | sets/s (min..max) | vs etcd | p50 us | p99 us |\n|---|---|---|---|---|---|");
        foreach (var count in clients)
        {
            foreach (var target in targets)
            {
                var own = cells.Where(cell => cell.Target == target.Name && cell.Clients == count).ToList();
                var ratio = own.Select(cell => cell.Rate
                    / cells.Single(peer => peer.Target == "etcd" && peer.Clients == count && peer.Round == cell.Round).Rate);
                await output.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {count} | {target.Name} | {Spread.Of(own.Select(cell => cell.Rate)).Text("N0")} | {Spread.Of(ratio).Median:F1} "
                    + $"| {Spread.Of(own.Select(cell => cell.P50)).Median:N0} | {Spread.Of(own.Select(cell => cell.P99)).Median:N0} |"));
            }
        }
    }
}
