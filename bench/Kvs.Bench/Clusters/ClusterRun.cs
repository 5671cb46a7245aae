using Kvs.Bench.Figures;
using Kvs.Bench.Reports;
using Kvs.Bench.Workloads;

namespace Kvs.Bench.Clusters;

/// <summary>
/// What a cluster costs: durable sets at one node, at three of a fixed list (quorum), at three in etcd (isr), and at three
/// members of etcd, all on this machine and in the same rounds.
/// </summary>
internal static class ClusterRun
{
    /// <summary>Name of the side to which others are compared.</summary>
    internal const string Etcd = "etcd";

    private const int Keys = 100_000;

    /// <summary>Runs it.</summary>
    /// <param name="directory">Where data go.</param>
    /// <param name="clients">Numbers of clients.</param>
    /// <param name="valueBytes">Bytes of a value.</param>
    /// <param name="seconds">Seconds of a cell.</param>
    /// <param name="rounds">Rounds, interleaved; with more than one, another before them does not count.</param>
    /// <param name="progress">Told line by line.</param>
    /// <returns>A result for each number of clients, target and round.</returns>
    internal static async Task<IReadOnlyList<CellResult>> RunAsync(
        string directory, int[] clients, int valueBytes, double seconds, int rounds, Action<string> progress)
    {
        var (plane, address) = await ClusterTarget.EtcdAsync("plane", directory, 1);
        await using var _ = plane;
        var (peer, _) = await ClusterTarget.EtcdAsync(Etcd, directory, 3);
        ClusterTarget[] targets =
        [
            peer,
            await ClusterTarget.OursAsync("one", directory, 1, null),
            await ClusterTarget.OursAsync("quorum", directory, 3, null),
            await ClusterTarget.OursAsync("isr", directory, 3, address),
        ];
        var results = new List<CellResult>();
        // Round 0 does not count: servers and client are compiled while they run.
        for (var round = rounds > 1 ? 0 : 1; round <= rounds; round++)
        {
            foreach (var count in clients)
            {
                var sync = SyncProbe.MicrosP50(directory, seconds);
                foreach (var target in targets)
                {
                    var (latencies, elapsed) = await MeasureAsync(await target.ClientsAsync(count), valueBytes, seconds, round);
                    var result = ResultOf(target.Name, count, round, latencies, elapsed) with { SyncP50 = sync };
                    if (round > 0)
                    {
                        results.Add(result);
                    }

                    progress($"round {round} {result.Cell} {result.Side}: {result.Rate:N0}/s, "
                        + $"p50 {result.P50:N0} us, p99 {result.P99:N0} us; sync {sync:N0} us");
                }
            }
        }

        foreach (var target in targets)
        {
            await target.DisposeAsync();
        }

        return results;
    }

    private static Task<(LatencyHistogram Latencies, TimeSpan Elapsed)> MeasureAsync(
        IReadOnlyList<Func<byte[], byte[], Task>> sets, int valueBytes, double seconds, int seed) =>
        ClosedLoop.MeasureAsync(sets.Count, Keys, TimeSpan.FromSeconds(seconds), i => (seed * 1000) + i, i =>
        {
            var value = BenchKeys.Value(valueBytes, i);
            return key => new ValueTask(sets[i](key, value));
        });

    private static CellResult ResultOf(string side, int clients, int round, LatencyHistogram latencies, TimeSpan elapsed) =>
        CellResult.Of(latencies.Count / elapsed.TotalSeconds, latencies) with
        {
            Cell = $"durable-set-{clients}",
            Side = side,
            Durability = side == "one" ? "synced before the answer" : "synced by a majority, or all in sync, before the answer",
            Round = round,
        };
}
