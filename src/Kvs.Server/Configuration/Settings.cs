using Kvs.Core.Platform.Tls;
using Kvs.Core.Primitives;
using Kvs.Core.Replication;
using Serilog.Events;

namespace Kvs.Server.Configuration;

/// <summary>
/// The table of all settings, in the order of the help text. docs/operations.md holds the same table (tested).
/// </summary>
internal static class Settings
{
    /// <summary>The word of the data directory, which offline commands take too.</summary>
    internal const string DataDirectory = "data-dir";

    /// <summary>The word of the users' file, which the commands that change it take too.</summary>
    internal const string UsersFile = "users-file";

    /// <summary>The word of the log's level.</summary>
    internal const string LogLevel = "log-level";

    private const string TimeForm = "TIME (a number with ms, s, m or h, or 0)";

    private static readonly ServerOptions _defaults = new();

    /// <summary>The settings.</summary>
    internal static IReadOnlyList<Setting> All { get; } =
    [
        new("engine", "NAME (kvs, sqlite, memory, or sled, an alias of sqlite)",
            "the engine of the data directory, else kvs",
            "Storage engine.", ReadEngine),
        new("addr", "HOST:PORT", _defaults.Address.ToString(),
            "Address to listen on.",
            (o, text) => KvsAddress.TryParse(text, out var address) ? o with { Address = address } : null),
        new("http", "HOST:PORT", "none",
            "Address at which HTTP is answered.",
            (o, text) => KvsAddress.TryParse(text, out var address) ? o with { Http = address } : null),
        new("http-hosts", "NAMES (host names, separated by commas; * for any)", "none",
            "Names by which browsers may reach the HTTP address, beside localhost, IP addresses and its own name.",
            (o, text) => ReadNames(text) is { } names ? o with { HttpHosts = names } : null),
        new("grpc", "HOST:PORT", "none",
            "Address to listen on for gRPC; without it there is none.",
            (o, text) => KvsAddress.TryParse(text, out var address) ? o with { Grpc = address } : null),
        new("resp", "HOST:PORT", "none",
            "Address at which Redis clients are served.",
            (o, text) => KvsAddress.TryParse(text, out var address) ? o with { Resp = address } : null),
        new(DataDirectory, "DIR", "./kvs-data",
            "Directory of the data; a server makes it when it is missing.",
            (o, text) => IsPath(text) ? o with { DataDirectory = text } : null),
        new("durability", "MODE (always, interval:MILLISECONDS up to 60000, or os)", _defaults.Durability.ToString(),
            "What an acknowledged write has survived: synced, synced on a clock, or handed to the operating system.",
            (o, text) => DurabilityMode.TryParse(text, out var mode) ? o with { Durability = mode } : null),
        new("insecure", "SWITCH (true or false)", "false",
            "Allow an address other than loopback although clients are not authenticated, or passwords travel in clear.",
            (o, text) => SettingText.TrySwitch(text, out var on) ? o with { Insecure = on } : null) { IsSwitch = true },
        File(UsersFile, "none", "Users, roles and tokens; without it nobody is asked who he is.",
            (o, text) => o with { UsersFile = text }),
        File("tls-cert", "none", "Certificate of this server, PEM: every door and every link between nodes speaks TLS, and nothing else.",
            (o, text) => o with { TlsCertificateFile = text }),
        File("tls-key", "in the certificate's file", "Its key, PEM.", (o, text) => o with { TlsKeyFile = text }),
        File("tls-ca", "those of the system", "Authority of the certificates of clients and other nodes, PEM.",
            (o, text) => o with { TlsCaFile = text }),
        new("tls-clients", "WHO (none, optional or required)", "none",
            "Whether clients are asked for a certificate of that authority.",
            (o, text) => ReadTlsClients(text) is { } clients ? o with { TlsClients = clients } : null),
        new("replicas", "ADDRESSES (HOST:PORT of each other node, separated by commas)", "none",
            "Be the primary of a cluster of fixed nodes; the others are started with --replica.",
            (o, text) => KvsAddress.TryParseList(text, out var list) ? o with { Cluster = o.Cluster with { Replicas = list } } : null),
        new("replica", "SWITCH (true or false)", "false",
            "Be a replica in a cluster of fixed nodes: wait for the primary, which dials this node.",
            (o, text) => SettingText.TrySwitch(text, out var on) ? o with { Cluster = o.Cluster with { IsReplica = on } } : null)
            { IsSwitch = true },
        new("advertise", "HOST:PORT", "the listening address",
            "Address by which the other nodes and clients reach this one.",
            (o, text) => KvsAddress.TryParse(text, out var address)
                ? o with { Cluster = o.Cluster with { Advertise = address } }
                : null),
        new("cluster", "URLS (http:// or https://, HOST:PORT of each member of etcd, separated by commas)", "none",
            "Be a node of a cluster that lives in etcd: it is found, joined and led by itself.",
            (o, text) => ReadControlPlane(text) is { } urls ? o with { Cluster = o.Cluster with { ControlPlane = urls } } : null),
        Text("cluster-name", "NAME", "kvs", "Name of the cluster in etcd.", (c, text) => c with { Name = text }),
        Text("node-id", "ID", "the advertised address", "Id of this node in the cluster; it keeps it wherever it moves.",
            (c, text) => c with { NodeId = text }),
        Count("min-in-sync", _defaults.Cluster.MinInSync, 1, 100,
            "Least nodes that hold every acknowledged write, of a cluster in etcd that this node founds.",
            (o, n) => o with { Cluster = o.Cluster with { MinInSync = n } }),
        Bytes("copy-bytes-per-second", _defaults.Cluster.CopyBytesPerSecond, 1024 * 1024, long.MaxValue,
            "Base copies for nodes that join or were away too long are sent no faster.",
            (o, n) => o with { Cluster = o.Cluster with { CopyBytesPerSecond = n } }),
        Text("cluster-ca", "FILE", "those of the system", "Certificate of the authority that signed etcd's.",
            (c, text) => c with { CaFile = text }),
        Text("cluster-cert", "FILE", "none", "This node's certificate for etcd.", (c, text) => c with { CertificateFile = text }),
        Text("cluster-key", "FILE", "in the certificate's file", "Its key.", (c, text) => c with { KeyFile = text }),
        Text("cluster-user", "NAME", "none", "User of etcd.", (c, text) => c with { User = text }),
        Text("cluster-password-file", "FILE", "none", "File that holds that user's password.",
            (c, text) => c with { PasswordFile = text }),
        File("cluster-secret-file", "none", "File of a secret that all nodes of a cluster share, by which they know each other.",
            (o, text) => o with { Cluster = o.Cluster with { SecretFile = text } }),
        new("acks", "MODE (quorum, isr or local)", "quorum with a fixed list, isr with etcd",
            "When a write is answered: durable on a majority of the list, on all in-sync nodes, or on the primary alone, where "
            + "a failover may lose it.",
            (o, text) => ReadAcks(text) is { } acks ? o with { Cluster = o.Cluster with { Acks = acks } } : null),
        Time("compare-every", _defaults.Cluster.CompareEvery,
            "Time between two comparisons of the data of the nodes of a cluster, by the primary; 0 for none.",
            (o, t) => o with { Cluster = o.Cluster with { CompareEvery = t } }),
        Count("connections-max", _defaults.ConnectionsMax, 1, 1_000_000,
            "Connections at once; one more is refused.", (o, n) => o with { ConnectionsMax = n }),
        Bytes("frame-bytes-max", _defaults.FrameBytesMax, 4096, 1L << 30,
            "Longest frame on the wire; a longer one closes the connection.",
            (o, n) => o with { FrameBytesMax = (int)n }),
        Bytes("value-bytes-max", _defaults.ValueBytesMax, 1, Limits.ValueBytesMax,
            "Longest value; a longer one is refused.", (o, n) => o with { ValueBytesMax = (int)n }),
        Bytes("batch-bytes-max", _defaults.BatchBytesMax, 1, Limits.BatchBytesMax,
            "Keys and values of one batch; a larger one is refused.", (o, n) => o with { BatchBytesMax = (int)n }),
        Bytes("session-bytes-max", _defaults.SessionBytesMax, 4096, 64L << 20,
            "What one connection may send ahead of its answers; beyond it the server stops reading from it. "
            + "One larger frame passes.",
            (o, n) => o with { SessionBytesMax = (int)n }),
        Bytes("queued-bytes-max", _defaults.QueuedBytesMax, 1024, long.MaxValue,
            "Writes of all connections that wait to be committed; beyond it the server stops reading.",
            (o, n) => o with { QueuedBytesMax = n }),
        Bytes("receive-bytes-max", _defaults.ReceiveBytesMax, 1024, long.MaxValue,
            "Large frames of all connections that are being received; beyond it the server stops reading them.",
            (o, n) => o with { ReceiveBytesMax = n }),
        Bytes("answer-bytes-max", _defaults.AnswerBytesMax, 1024, long.MaxValue,
            "Large answers of all connections that have not been sent; beyond it such answers wait.",
            (o, n) => o with { AnswerBytesMax = n }),
        new("memory-limit", FormOfBytes(MemoryPlan.LimitLeast, long.MaxValue), "that of the container, else of the machine",
            "Memory that the process may have: other limits that are not set shrink to fit into it; "
                + "where keys fill theirs, new ones are refused.",
            (o, text) => SettingText.TryBytes(text, out var bytes) && bytes >= MemoryPlan.LimitLeast
                ? o with { MemoryLimit = bytes }
                : null),
        new("memory-bytes", FormOfBytes(0, long.MaxValue), "that of the machine or container",
            "Memory that the store may count on: with more than half of it in files, a read asks before it touches one.",
            (o, text) => SettingText.TryBytes(text, out var bytes) ? o with { MemoryBytes = bytes } : null),
        Time("idle-timeout", _defaults.IdleTimeout,
            "Time without a request after which a connection is closed; 0 for never.",
            (o, t) => o with { IdleTimeout = t }),
        Time("frame-timeout", _defaults.FrameTimeout,
            "Longest wait for the rest of a frame that has begun; 0 for no limit.",
            (o, t) => o with { FrameTimeout = t }),
        Time("send-timeout", _defaults.SendTimeout,
            "Longest wait for a client to take an answer; 0 for no limit.", (o, t) => o with { SendTimeout = t }),
        Time("drain-timeout", _defaults.DrainTimeout,
            "Longest time for which a stopping server finishes what it has received.",
            (o, t) => o with { DrainTimeout = t }),
        Count("session-snapshots-max", _defaults.SessionSnapshotsMax, 0, 1_000_000,
            "Snapshots that one connection may hold.", (o, n) => o with { SessionSnapshotsMax = n }),
        Count("snapshots-max", _defaults.SnapshotsMax, 0, 1_000_000,
            "Snapshots that all connections may hold.", (o, n) => o with { SnapshotsMax = n }),
        Time("snapshot-age-max", _defaults.SnapshotAgeMax,
            "Age at which the snapshot of a client is ended; 0 for no limit.", (o, t) => o with { SnapshotAgeMax = t }),
        Count("watchers-max", _defaults.WatchersMax, 0, 1_000_000,
            "Watches that all connections may have.", (o, n) => o with { WatchersMax = n }),
        Bytes("history-bytes", _defaults.HistoryBytes, 0, long.MaxValue,
            "Log that is kept as history before compaction.", (o, n) => o with { HistoryBytes = n }),
        new("slow-log-threshold", "TIME (a number with ms, s, m or h; 0 for all requests; or off)", "100ms",
            "Requests that take as long as this are noted in the slow log.",
            (o, text) => text == "off" ? o with { SlowLogThreshold = null }
                : SettingText.TryTime(text, out var time) ? o with { SlowLogThreshold = time } : null),
        Count("slow-log-entries", _defaults.SlowLogEntries, 1, 100_000,
            "Entries that the slow log keeps, the newest.", (o, n) => o with { SlowLogEntries = n }),
        new("otlp-endpoint", "URL (http:// or https://)", "none",
            "Send metrics and activities there by OTLP: grpc to port 4317, else http/protobuf, or as OTEL_EXPORTER_OTLP_PROTOCOL says.",
            (o, text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url is { Scheme: "http" or "https", UserInfo: "" }
                ? o with { OtlpEndpoint = url } : null),
        new(LogLevel, "LEVEL (verbose, debug, information, warning, error, fatal)", "information",
            "Least important log lines that are written.",
            (o, text) => Enum.TryParse<LogEventLevel>(text, ignoreCase: true, out var level) && Enum.IsDefined(level)
                ? o with { LogLevel = level } : null),
    ];

    /// <summary>Finds a setting.</summary>
    /// <param name="name">Its word.</param>
    /// <returns>The setting, or null.</returns>
    internal static Setting? Find(string name) =>
        All.FirstOrDefault(setting => setting.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static AckMode? ReadAcks(string text) => text switch
    {
        "quorum" => AckMode.Quorum,
        "isr" => AckMode.InSync,
        "local" => AckMode.Local,
        _ => null,
    };

    private static TlsClients? ReadTlsClients(string text) => text switch
    {
        "none" => TlsClients.None,
        "optional" => TlsClients.Optional,
        "required" => TlsClients.Required,
        _ => null,
    };

    private static List<Uri>? ReadControlPlane(string text)
    {
        var addresses = new List<Uri>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!Uri.TryCreate(part, UriKind.Absolute, out var address)
                || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps)
                || address is not { PathAndQuery: "/", UserInfo: "" })
            {
                return null;
            }

            addresses.Add(address);
        }

        return addresses;
    }

    private static string[]? ReadNames(string text)
    {
        var names = text.Split(',', StringSplitOptions.TrimEntries);
        return names.All(name => name == "*" || Uri.CheckHostName(name) == UriHostNameType.Dns) ? names : null;
    }

    private static Setting Text(
        string name, string form, string @default, string help, Func<ClusterOptions, string, ClusterOptions> set) =>
        new(name, form, @default, help, (o, text) => text.Length is > 0 and <= 255 ? o with { Cluster = set(o.Cluster, text) } : null);

    private static Setting File(string name, string @default, string help, Func<ServerOptions, string, ServerOptions> set) =>
        new(name, "FILE", @default, help, (o, text) => IsPath(text) ? set(o, text) : null);

    private static bool IsPath(string text) => text.Length > 0 && !text.Contains('\0', StringComparison.Ordinal);

    private static ServerOptions? ReadEngine(ServerOptions options, string text) =>
        EngineName.TryResolve(text, out var name)
            ? options with { Engine = name, EngineAlias = name == text ? null : text }
            : null;

    private static Setting Count(
        string name, int @default, int min, int max, string help, Func<ServerOptions, int, ServerOptions> set) =>
        new(name, $"NUMBER ({min} to {max})", $"{@default}", help,
            (o, text) => SettingText.TryCount(text, out var count) && count >= min && count <= max
                ? set(o, (int)count)
                : null);

    private static Setting Bytes(
        string name, long @default, long min, long max, string help, Func<ServerOptions, long, ServerOptions> set) =>
        new(name, FormOfBytes(min, max), SettingText.OfBytes(@default), help,
            (o, text) => SettingText.TryBytes(text, out var bytes) && bytes >= min && bytes <= max
                ? set(o, bytes)
                : null);

    private static Setting Time(
        string name, TimeSpan @default, string help, Func<ServerOptions, TimeSpan, ServerOptions> set) =>
        new(name, TimeForm, SettingText.OfTime(@default), help,
            (o, text) => SettingText.TryTime(text, out var time) ? set(o, time) : null);

    private static string FormOfBytes(long min, long max) =>
        max == long.MaxValue
            ? $"BYTES (from {SettingText.OfBytes(min)}; units KiB, MiB, GiB)"
            : $"BYTES ({SettingText.OfBytes(min)} to {SettingText.OfBytes(max)}; units KiB, MiB, GiB)";
}
