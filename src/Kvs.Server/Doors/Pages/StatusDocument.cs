using System.Globalization;
using System.Text.Json;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Telemetry;
using Kvs.Server.Telemetry.Operations;

namespace Kvs.Server.Doors.Pages;

/// <summary>
/// What <c>/v1/status</c> says: the server, its store, its cluster and its counts, as they stand. Counts only grow; who reads
/// twice has rates, and any number may read. docs/metrics.md names the members. Pure functions.
/// </summary>
internal static class StatusDocument
{
    /// <summary>Slow requests in it.</summary>
    internal const int SlowMax = 10;

    private const string TimeFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";

    /// <summary>Writes it.</summary>
    /// <param name="json">Where it goes.</param>
    /// <param name="now">The time: that of the counts.</param>
    /// <param name="figures">The figures; they may be a second old.</param>
    /// <param name="totals">The counts.</param>
    /// <param name="slow">The newest slow requests.</param>
    internal static void Write(
        Utf8JsonWriter json, DateTimeOffset now, ServerFigures figures, OperationTotals totals, IReadOnlyList<SlowRequest> slow)
    {
        json.WriteStartObject();
        json.WriteString("at", TextOf(now));
        WriteServer(json, figures);
        WriteStore(json, figures.Store);
        WriteCluster(json, figures.Cluster);
        WriteDoors(json, figures);
        WriteOperations(json, totals);
        WriteDurations(json, totals);
        WriteSlow(json, slow);
        json.WriteEndObject();
        json.Flush();
    }

    private static void WriteServer(Utf8JsonWriter json, ServerFigures figures)
    {
        var info = figures.Info;
        json.WriteStartObject("server");
        json.WriteString("name", info.Name);
        json.WriteString("version", info.Version);
        json.WriteString("node", info.NodeId);
        json.WriteString("role", NameOf(info.Role));
        json.WriteNumber("epoch", info.Epoch);
        json.WriteString("engine", info.Engine);
        json.WriteString("durability", info.Durability);
        json.WriteNumber("uptime_ms", (long)info.Uptime.TotalMilliseconds);
        json.WriteEndObject();
    }

    private static void WriteStore(Utf8JsonWriter json, StoreStats? stats)
    {
        if (stats is null)
        {
            json.WriteNull("store");
            return;
        }

        json.WriteStartObject("store");
        json.WriteString("version", stats.Version.ToString());
        json.WriteNumber("keys", stats.Keys);
        json.WriteNumber("segments", stats.Segments);
        json.WriteNumber("disk_bytes", stats.DiskBytes);
        json.WriteNumber("live_bytes", stats.LiveBytes);
        json.WriteNumber("dead_bytes", stats.DeadBytes);
        json.WriteNumber("index_bytes", stats.IndexBytes);
        json.WriteNumber("index_bytes_live", stats.IndexBytesLive);
        json.WriteNumber("index_bytes_max", stats.IndexBytesMax);
        json.WriteNumber("batches", stats.Batches);
        json.WriteNumber("groups", stats.Groups);
        json.WriteNumber("syncs", stats.Syncs);
        json.WriteNumber("compactions", stats.Compactions);
        json.WriteNumber("expired", stats.Expired);
        json.WriteNumber("snapshots", stats.Snapshots);
        json.WriteNumber("oldest_snapshot_ms", (long)stats.OldestSnapshot.TotalMilliseconds);
        json.WriteString("read_only", stats.ReadOnlyReason);
        json.WriteEndObject();
    }

    private static void WriteCluster(Utf8JsonWriter json, ClusterStatus? cluster)
    {
        if (cluster is null)
        {
            json.WriteNull("cluster");
            return;
        }

        json.WriteStartObject("cluster");
        json.WriteString("id", cluster.Cluster);
        json.WriteString("mode", cluster.Mode);
        json.WriteNumber("epoch", cluster.Epoch);
        json.WriteString("primary", cluster.Primary);
        json.WriteString("acks", cluster.Acks);
        json.WriteString("committed", cluster.Committed.ToString());
        json.WriteString("read_only", cluster.ReadOnlyReason);
        json.WriteString("advice", cluster.Advice);
        json.WriteStartArray("nodes");
        foreach (var node in cluster.Nodes)
        {
            json.WriteStartObject();
            json.WriteString("node", node.NodeId);
            json.WriteString("address", node.Address);
            json.WriteString("role", NameOf(node.Role));
            json.WriteString("state", node.State);
            json.WriteBoolean("in_sync", node.InSync);
            json.WriteString("applied", node.Applied == KvsVersion.None ? null : node.Applied.ToString());
            json.WriteNumber("lag_bytes", node.LagBytes);
            json.WriteNumber("lag_ms", (long)node.Lag.TotalMilliseconds);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteDoors(Utf8JsonWriter json, ServerFigures figures)
    {
        json.WriteStartArray("doors");
        foreach (var door in figures.Doors)
        {
            json.WriteStartObject();
            json.WriteString("name", door.Name);
            json.WriteNumber("port", door.Port);
            json.WriteNumber("connections", door.Connections);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("budgets");
        foreach (var budget in figures.Budgets)
        {
            json.WriteStartObject();
            json.WriteString("name", budget.Name);
            json.WriteNumber("held", budget.Held);
            json.WriteNumber("max", budget.Max);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("watchers", figures.Watchers);
    }

    private static void WriteOperations(Utf8JsonWriter json, OperationTotals totals)
    {
        json.WriteStartObject("operations");
        for (var operation = 0; operation < MeasuredNames.OperationsMax; operation++)
        {
            var answered = 0L;
            var missing = totals.Count(operation, MeasuredNames.Missing);
            for (var result = 0; result < MeasuredNames.Results.Count; result++)
            {
                answered += totals.Count(operation, result);
            }

            if (answered > 0 && MeasuredNames.Operations[operation] is { } name)
            {
                json.WriteStartObject(name);
                json.WriteNumber("answered", answered);
                json.WriteNumber("missing", missing);
                json.WriteNumber("failed", answered - missing - totals.Count(operation, MeasuredNames.Ok));
                json.WriteEndObject();
            }
        }

        json.WriteEndObject();
    }

    private static void WriteDurations(Utf8JsonWriter json, OperationTotals totals)
    {
        json.WriteStartObject("durations");
        json.WriteStartArray("bounds");
        foreach (var bound in OperationMeter.Bounds)
        {
            json.WriteNumberValue(bound);
        }

        json.WriteEndArray();
        json.WriteStartObject("operations");
        for (var operation = 0; operation < MeasuredNames.OperationsMax; operation++)
        {
            if (MeasuredNames.Operations[operation] is { } name && totals.Duration(operation) is { Count: > 0 } durations)
            {
                json.WriteStartArray(name);
                foreach (var count in durations.Buckets)
                {
                    json.WriteNumberValue(count);
                }

                json.WriteEndArray();
            }
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteSlow(Utf8JsonWriter json, IReadOnlyList<SlowRequest> slow)
    {
        json.WriteStartArray("slow");
        foreach (var entry in slow)
        {
            json.WriteStartObject();
            json.WriteNumber("id", entry.Id);
            json.WriteString("time", TextOf(entry.At));
            json.WriteNumber("ms", Math.Round(entry.Duration.TotalMilliseconds, 3));
            json.WriteString("operation", entry.Operation);
            json.WriteString("result", entry.Result);
            json.WriteString("key", entry.Key);
            json.WriteNumber("requests", entry.Requests);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static string NameOf(NodeRole role) => role.ToString().ToLowerInvariant();

    private static string TextOf(DateTimeOffset time) => time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);
}
