using System.Collections.Concurrent;
using System.Globalization;
using Kvs.Core.Client;
using Kvs.Core.Operations;
using Kvs.TestKit.Histories;
using Xunit;

namespace Kvs.Cluster.Tests.Processes.Load;

/// <summary>
/// Clients at work on a cluster, and what they were told. Each round has keys of its own, so that each history stays
/// short enough to be judged; the ledger grows through all rounds. Ownership: of the clients. Threading: one test.
/// </summary>
internal sealed class ClusterLoad : IAsyncDisposable
{
    private const int KeysOfRound = 3;

    private static readonly KvsClientOptions s_hasty = new()
    {
        ConnectTimeout = TimeSpan.FromSeconds(1),
        RequestTimeout = TimeSpan.FromSeconds(3),
        ClientName = "chaos",
    };

    private readonly ConcurrentDictionary<string, string> _ledger = new();
    private readonly ProcessCluster _cluster;
    private readonly List<ChaosClient> _clients = [];
    private readonly int _count;
    private readonly Random _random;
    private HistoryRecorder _recorder = new();
    private CancellationTokenSource? _stop;
    private Task _working = Task.CompletedTask;
    private int _round;

    private string Counter => $"r{_round}/n";

    /// <summary>Clients that do nothing yet.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="count">How many.</param>
    /// <param name="random">Their dice.</param>
    internal ClusterLoad(ProcessCluster cluster, int count, Random random)
    {
        _cluster = cluster;
        _count = count;
        _random = random;
    }

    /// <summary>Acknowledged writes.</summary>
    internal Acknowledgements Acknowledged { get; } = new();

    /// <summary>The nodes that clients go to; all of them if not set.</summary>
    internal IReadOnlyList<NodeProcess>? Through { get; init; }

    /// <summary>
    /// Whether each client knows all nodes, and waits as long as the library does by itself: then it sees no failure where
    /// the library can help it. Else each address is a connection of its own, soon given up.
    /// </summary>
    internal bool KnowsAllNodes { get; init; }

    /// <summary>Operations of all rounds that were judged.</summary>
    internal long Operations { get; private set; }

    /// <summary>What clients were told in the newest round when they failed, and how often.</summary>
    internal string Failures => string.Join("; ", _clients
        .SelectMany(static client => client.Failures)
        .GroupBy(static failure => failure.Key)
        .OrderBy(static failure => failure.Key, StringComparer.Ordinal)
        .Select(static failure => string.Create(CultureInfo.InvariantCulture, $"{failure.Key}: {failure.Sum(static one => one.Value)}")));

    /// <summary>Lets the clients work, until <see cref="StopAsync"/>.</summary>
    internal void Start()
    {
        _round++;
        _recorder = new HistoryRecorder();
        _stop = new CancellationTokenSource();
        _clients.Clear();
        List<string> addresses = [.. (Through ?? _cluster.Nodes).Select(static node => node.Name)];
        if (KnowsAllNodes)
        {
            addresses = [.. addresses.Select((_, i) => string.Join(',', addresses.Skip(i).Concat(addresses.Take(i))))];
        }

        var options = KnowsAllNodes ? new KvsClientOptions() : s_hasty;
        for (var i = 0; i < _count; i++)
        {
            // One stays with each node, so that a node that does not answer holds up not all of them.
            _clients.Add(NewClient(i < addresses.Count ? [addresses[i]] : addresses, options));
        }

        var keys = Enumerable.Range(0, KeysOfRound).Select(i => $"r{_round}/k{i}").ToList();
        _working = Task.WhenAll(_clients.Select(client => Task.Run(() => client.RunAsync(keys, Counter, _stop.Token))));
        Acknowledged.Restart();
    }

    /// <summary>Has one more client of the round write through one node, once of each kind that has a trace.</summary>
    /// <param name="node">The node.</param>
    internal async Task WriteThroughAsync(NodeProcess node)
    {
        var client = NewClient([node.Name], s_hasty);
        _clients.Add(client);
        await client.CountAndEnterAsync(Counter);
    }

    /// <summary>Lets the clients end, and judges what they were told.</summary>
    internal async Task StopAsync()
    {
        await EndAsync();
        var operations = _recorder.Operations();
        Operations += operations.Count;
        LinearizabilityChecker.Require(operations);
    }

    /// <summary>Waits until all nodes show the same, and holds it against what was acknowledged in all rounds.</summary>
    internal async Task CheckAllNodesAsync()
    {
        await _cluster.ConvergeAsync();
        foreach (var node in _cluster.Nodes.Where(static node => !node.HasLeft))
        {
            var (reader, link) = ClusterCalls.ReadStale(node.Name);
            await using (link)
            {
                foreach (var entered in _ledger.Chunk(500))
                {
                    var found = await reader.GetManyAsync([.. entered.Select(static entry => (KvsKey)entry.Key)]);
                    var lost = entered.Where((entry, i) => found[i]?.Value.ToString() != entry.Value).Select(static entry => entry.Key).ToList();
                    Assert.True(lost.Count == 0, $"{node.Name} has lost {lost.Count} acknowledged writes: {string.Join(' ', lost.Take(10))}");
                }
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await EndAsync();

    private ChaosClient NewClient(IReadOnlyList<string> addresses, KvsClientOptions options) => new(
        $"r{_round}c{_clients.Count}", addresses, options, _recorder, _ledger, Acknowledged, new Random(_random.Next()));

    private async Task EndAsync()
    {
        if (_stop is null)
        {
            return;
        }

        await _stop.CancelAsync();
        await _working;
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }

        _stop.Dispose();
        _stop = null;
    }
}
