using System.Diagnostics.Metrics;
using Kvs.Core.Operations;
using Kvs.Server.Telemetry.Operations;

namespace Kvs.Server.Telemetry;

/// <summary>
/// The instruments of one server. All of them are read when somebody looks, from counters that are kept anyway; only the
/// durations of operations are told as they happen, and only while somebody listens to that instrument. docs/metrics.md has
/// the same list (tested). Threading: any thread.
/// </summary>
internal sealed class ServerMeter : IDisposable
{
    /// <summary>Name of the meter.</summary>
    internal const string Name = "Kvs.Server";

    /// <summary>Name of the instrument whose values an <see cref="OperationMeter"/> holds itself.</summary>
    internal const string DurationName = "kvs.operation.duration";

    private static readonly (NodeRole Role, string Name)[] _roles =
        [.. Enum.GetValues<NodeRole>().Select(static role => (role, role.ToString().ToLowerInvariant()))];

    private readonly OperationMeter _operations;
    private readonly FigureCache _figures;

    /// <summary>Makes the instruments.</summary>
    /// <param name="operations">Counts operations.</param>
    /// <param name="figures">Everything else.</param>
    internal ServerMeter(OperationMeter operations, FigureCache figures)
    {
        _operations = operations;
        _figures = figures;
        Meter = new Meter(Name);
        MakeOperations();
        MakeStore();
        MakeStoreCounters();
        MakeServer();
        MakeCluster();
    }

    /// <summary>The meter.</summary>
    internal Meter Meter { get; }

    /// <inheritdoc/>
    public void Dispose() => Meter.Dispose();

    private static Measurement<long> Of(long value, string key, object? tag) => new(value, new KeyValuePair<string, object?>(key, tag));

    private void MakeOperations()
    {
        Meter.CreateObservableCounter(
            "kvs.operations", Operations, "{operation}", "Operations that were answered, by kind and result.");
        _operations.Duration = Meter.CreateHistogram(
            DurationName,
            "s",
            "Time from the hand-over to the engine to its answer: of every write, batch and scan, and of one point read of 16.",
            tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = OperationMeter.Bounds });
    }

    private IEnumerable<Measurement<long>> Operations()
    {
        var totals = _operations.Totals();
        for (var operation = 0; operation < MeasuredNames.OperationsMax; operation++)
        {
            if (MeasuredNames.Operations[operation] is null || operation == (int)MeasuredOperation.Batch)
            {
                continue;
            }

            for (var result = 0; result < MeasuredNames.Results.Count; result++)
            {
                // A series that begins with its first success cannot be told from one that was lost.
                if (totals.Count(operation, result) is var count && (count > 0 || result == MeasuredNames.Ok))
                {
                    yield return new Measurement<long>(count, MetricTags.Operation(operation), MetricTags.Result(result));
                }
            }
        }
    }

    private void MakeStore()
    {
        Gauge("kvs.store.keys", "{key}", "Keys that are there.", static stats => stats.Keys);
        Gauge("kvs.store.segments", "{segment}", "Files with records.", static stats => stats.Segments);
        Gauge("kvs.store.disk", "By", "Bytes of the live files, as allocated.", static stats => stats.DiskBytes);
        Gauge("kvs.store.snapshots", "{snapshot}", "Snapshots that are held now.", static stats => stats.Snapshots);
        Gauge("kvs.index.memory", "By", "Memory that the index holds.", static stats => stats.IndexBytes);
        Gauge("kvs.index.memory.live", "By", "Memory that the keys take of it.", static stats => stats.IndexBytesLive);
        Gauge("kvs.index.memory.limit", "By", "Memory that the keys may take; 0 for no bound.", static stats => stats.IndexBytesMax);
        Gauge("kvs.requests.memory", "By", "Memory of the table of repeated requests.", static stats => stats.RequestBytes);
        Gauge("kvs.requests.clients", "{client}", "Clients whose repeated writes are known.", static stats => stats.RequestClients);
        Gauge("kvs.store.read_only", "", "1 while the store takes no writes.", static stats => stats.ReadOnlyReason is null ? 0 : 1);
        Meter.CreateObservableGauge(
            "kvs.store.records",
            () => Store is { } stats
                ? [Of(stats.LiveBytes, "kvs.state", "live"), Of(stats.DeadBytes, "kvs.state", "dead")]
                : Array.Empty<Measurement<long>>(),
            "By",
            "Bytes of records: live, and those that a newer write has made useless (dead).");
        Meter.CreateObservableGauge(
            "kvs.store.snapshot.age",
            () => Store is { } stats ? [new Measurement<double>(stats.OldestSnapshot.TotalSeconds)] : Array.Empty<Measurement<double>>(),
            "s",
            "Age of the oldest snapshot that is held.");
    }

    private void MakeStoreCounters()
    {
        Counter("kvs.store.batches", "{batch}", "Batches committed.", static stats => stats.Batches);
        Counter("kvs.store.groups", "{group}", "Commit groups published.", static stats => stats.Groups);
        Counter("kvs.store.syncs", "{sync}", "Syncs of the log.", static stats => stats.Syncs);
        Counter("kvs.store.compactions", "{compaction}", "Compactions finished.", static stats => stats.Compactions);
        Counter("kvs.store.expired", "{key}", "Keys removed because they had expired.", static stats => stats.Expired);
    }

    private void MakeServer()
    {
        Meter.CreateObservableGauge(
            "kvs.connections",
            () => _figures.Get().Doors.Select(static door => Of(door.Connections, "kvs.door", door.Name)),
            "{connection}",
            "Connections that are open, by door.");
        Meter.CreateObservableGauge(
            "kvs.inflight",
            () => _figures.Get().Budgets.Select(static budget => Of(budget.Held, "kvs.budget", budget.Name)),
            "By",
            "Bytes in flight of all doors, by budget.");
        Meter.CreateObservableGauge(
            "kvs.inflight.limit",
            () => _figures.Get().Budgets.Select(static budget => Of(budget.Max, "kvs.budget", budget.Name)),
            "By",
            "Bytes that may be in flight, by budget.");
        Meter.CreateObservableGauge(
            "kvs.watchers", () => _figures.Get().Watchers, "{watcher}", "Followers of changes, of all doors.");
        Meter.CreateObservableGauge(
            "kvs.uptime", () => _figures.Get().Info.Uptime.TotalSeconds, "s", "Time since the server began.");
        Meter.CreateObservableGauge(
            "kvs.build.info", Build, "", "Always 1: the version and the engine that run.");
    }

    private Measurement<int> Build()
    {
        var info = _figures.Get().Info;
        return new Measurement<int>(
            1,
            new KeyValuePair<string, object?>("kvs.version", info.Version),
            new KeyValuePair<string, object?>("kvs.engine", info.Engine));
    }

    private void MakeCluster()
    {
        Meter.CreateObservableGauge(
            "kvs.node.role",
            () => _roles.Select(role => Of(_figures.Get().Info.Role == role.Role ? 1 : 0, "kvs.role", role.Name)),
            "",
            "1 for what the node is, 0 for what it is not.");
        Meter.CreateObservableGauge(
            "kvs.node.epoch", () => (long)_figures.Get().Info.Epoch, "", "Number of the primary's reign.");
        Meter.CreateObservableGauge(
            "kvs.replication.lag",
            () => Others.Select(static node => Of(node.LagBytes, "kvs.node", node.NodeId)),
            "By",
            "Bytes of log that another node has not acknowledged; told by the primary.");
        Meter.CreateObservableGauge(
            "kvs.replication.lag.time",
            () => Others.Select(static node =>
                new Measurement<double>(node.Lag.TotalSeconds, new KeyValuePair<string, object?>("kvs.node", node.NodeId))),
            "s",
            "How long ago another node had all that the primary had; told by the primary, seen once a second.");
        Meter.CreateObservableGauge(
            "kvs.replication.in_sync",
            () => Others.Select(static node => Of(node.InSync ? 1 : 0, "kvs.node", node.NodeId)),
            "",
            "1 for another node that counts for acknowledgements; told by the primary.");
    }

    private StoreStats? Store => _figures.Get().Store;

    private IEnumerable<ClusterNode> Others =>
        _figures.Get() is { Cluster: { } cluster, Info: { Role: NodeRole.Primary } info }
            ? cluster.Nodes.Where(node => node.NodeId != info.NodeId)
            : [];

    private void Gauge(string name, string unit, string description, Func<StoreStats, long> read) =>
        Meter.CreateObservableGauge(name, () => Read(read), unit, description);

    private void Counter(string name, string unit, string description, Func<StoreStats, long> read) =>
        Meter.CreateObservableCounter(name, () => Read(read), unit, description);

    private Measurement<long>[] Read(Func<StoreStats, long> read) =>
        Store is { } stats ? [new Measurement<long>(read(stats))] : [];
}
