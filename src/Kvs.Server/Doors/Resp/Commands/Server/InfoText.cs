using System.Globalization;
using System.Text;
using Kvs.Core.Operations;

namespace Kvs.Server.Doors.Resp.Commands.Server;

/// <summary>
/// The text of INFO: the sections of Redis, with those of its fields that are true here, and our own names in front of
/// what it has no name for.
/// </summary>
internal static class InfoText
{
    /// <summary>The version whose commands for strings and keys are all here: clients choose what they send by it.</summary>
    internal const string RedisVersion = "7.0.0";

    private static readonly string[] _sections =
        ["server", "clients", "memory", "persistence", "stats", "replication", "cluster", "keyspace"];

    /// <summary>What Redis calls a role.</summary>
    /// <param name="role">The role.</param>
    internal static string RoleOf(NodeRole role) => role is NodeRole.Replica or NodeRole.Learner ? "replica" : "master";

    /// <summary>Writes the sections that are asked for. May take a while: on the thread pool only.</summary>
    /// <param name="shared">The door.</param>
    /// <param name="asked">Their names in any case; none, default, all or everything for all.</param>
    internal static string Of(RespShared shared, IReadOnlyCollection<string> asked)
    {
        var all = asked.Count == 0 || asked.Any(static name => name is "default" or "all" or "everything");
        var text = new StringBuilder();
        var facts = new Facts(shared, shared.Context.Dispatcher.Info(), shared.Context.Dispatcher.Stats());
        foreach (var section in _sections.Where(section => all || asked.Contains(section)))
        {
            text.Append(text.Length > 0 ? "\r\n" : "");
            text.Append("# ").Append(char.ToUpperInvariant(section[0])).Append(section, 1, section.Length - 1).Append("\r\n");
            foreach (var (name, value) in FieldsOf(section, facts))
            {
                text.Append(CultureInfo.InvariantCulture, $"{name}:{value}\r\n");
            }
        }

        return text.ToString();
    }

    private static IEnumerable<(string Name, object Value)> FieldsOf(string section, Facts facts) => section switch
    {
        "server" => Server(facts),
        "clients" => [("connected_clients", facts.Shared.Clients.Count), ("blocked_clients", 0),
            ("maxclients", facts.Shared.Context.Options.ConnectionsMax)],
        "memory" => Memory(facts.Stats),
        "persistence" => Persistence(facts),
        "stats" => [("expired_keys", facts.Stats.Expired), ("kvs_batches", facts.Stats.Batches),
            ("kvs_groups", facts.Stats.Groups), ("kvs_syncs", facts.Stats.Syncs)],
        "replication" => Replication(facts),
        "cluster" => [("cluster_enabled", 0)],
        _ => facts.Stats.Keys == 0 ? [] : [("db0", $"keys={facts.Stats.Keys}")],
    };

    private static IEnumerable<(string Name, object Value)> Server(Facts facts) =>
    [
        ("redis_version", RedisVersion),
        ("kvs_version", facts.Info.Version),
        ("kvs_engine", facts.Info.Engine),
        ("kvs_durability", facts.Info.Durability),
        ("redis_mode", "standalone"),
        ("process_id", Environment.ProcessId),
        ("tcp_port", facts.Shared.Port),
        ("uptime_in_seconds", (long)facts.Info.Uptime.TotalSeconds),
        ("uptime_in_days", (long)facts.Info.Uptime.TotalDays),
    ];

    private static IEnumerable<(string Name, object Value)> Memory(StoreStats stats)
    {
        var used = GC.GetTotalMemory(forceFullCollection: false) + stats.IndexBytes;
        return
        [
            ("used_memory", used),
            ("used_memory_human", $"{used / 1048576.0:0.00}M"),
            ("maxmemory", 0),
            ("maxmemory_policy", "noeviction"),
            ("kvs_index_bytes", stats.IndexBytes),
        ];
    }

    private static IEnumerable<(string Name, object Value)> Persistence(Facts facts) =>
    [
        ("loading", 0),
        ("aof_enabled", 1),
        ("aof_last_write_status", facts.Stats.ReadOnlyReason is null ? "ok" : "err"),
        ("kvs_disk_bytes", facts.Stats.DiskBytes),
        ("kvs_dead_bytes", facts.Stats.DeadBytes),
        ("kvs_segments", facts.Stats.Segments),
    ];

    private static IEnumerable<(string Name, object Value)> Replication(Facts facts)
    {
        var cluster = facts.Shared.Context.Dispatcher.Cluster;
        var others = cluster?.Status().Nodes.Where(node => node.NodeId != cluster.NodeId).ToList() ?? [];
        yield return ("role", RoleOf(facts.Info.Role) == "master" ? "master" : "slave");
        yield return ("connected_slaves", others.Count);
        for (var index = 0; index < others.Count; index++)
        {
            var node = others[index];
            var state = node.InSync ? "online" : "wait_bgsave";
            yield return ($"slave{index}", $"ip={HostOf(node.Address)},port={PortOf(node.Address)},state={state},"
                + $"offset={node.Durable.Sequence},lag={(long)node.Lag.TotalSeconds}");
        }

        yield return ("master_repl_offset", facts.Stats.Version.Sequence);
        yield return ("kvs_epoch", facts.Info.Epoch);
    }

    private static string HostOf(string address) => address[..Math.Max(0, address.LastIndexOf(':'))];

    private static string PortOf(string address) => address[(address.LastIndexOf(':') + 1)..];

    private sealed record Facts(RespShared Shared, ServerInfo Info, StoreStats Stats);
}
