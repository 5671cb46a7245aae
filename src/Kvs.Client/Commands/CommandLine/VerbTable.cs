using Kvs.Client.Commands.Admin;
using Kvs.Client.Commands.Cluster;
using Kvs.Client.Commands.Keys;
using Kvs.Client.Commands.Ranges;
using Kvs.Client.Commands.Streams;
using Kvs.Client.Commands.Watch;

namespace Kvs.Client.Commands.CommandLine;

/// <summary>All commands, in the order in which the help lists them.</summary>
internal static class VerbTable
{
    /// <summary>The commands.</summary>
    internal static Verb[] Verbs { get; } =
    [
        new("set", "store a value under a key", SetCommand.Create),
        new("get", "print the value of a key", GetCommand.Create),
        new("rm", "remove a key", RmCommand.Create),
        new("exists", "tell whether a key is there", ExistsCommand.Create),
        new("incr", "add to a counter, atomically", IncrCommand.Create),
        new("ttl", "print how long a key has to live", TtlCommand.Create),
        new("expire", "let a key expire after a time", ExpireCommand.Create),
        new("persist", "let a key live for ever again", PersistCommand.Create),
        new("scan", "list keys and values in key order", ScanCommand.Create),
        new("count", "count keys", CountCommand.Create),
        new("watch", "follow changes as they happen", WatchCommand.Create),
        new("batch", "apply operations from stdin, all or none", BatchCommand.Create),
        new("pipe", "run a stream of operations from stdin", PipeCommand.Create),
        new("export", "write all entries of one moment as JSON lines", ExportCommand.Create),
        new("import", "store the entries of an export", ImportCommand.Create),
        new("info", "print what the server is", InfoCommand.Create),
        new("stats", "print figures about the store", StatsCommand.Create),
        new("slowlog", "print the newest requests that took long", SlowLogCommand.Create),
        new("ping", "ask the server for a sign of life", PingCommand.Create),
        new("cluster", "show, steer and verify the cluster", ClusterCommand.Create),
        new("compact", "reclaim the space of dead records now", CompactCommand.Create),
    ];
}
