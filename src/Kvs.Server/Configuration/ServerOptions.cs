using Kvs.Core.Platform.Tls;
using Kvs.Core.Primitives;
using Kvs.Server.Doors;
using Kvs.Server.Doors.Http;
using Kvs.Server.Doors.Sessions;
using Kvs.Server.Doors.Web;
using Serilog.Events;

namespace Kvs.Server.Configuration;

/// <summary>
/// Everything that can be set, validated once, when it is read. The words and their meaning stand in
/// <see cref="Settings"/> and in docs/operations.md. Immutable.
/// </summary>
internal sealed record ServerOptions
{
    private static readonly HashSet<string> _nothing = [];

    /// <summary>Canonical engine name; null for the engine that the data directory already has, else kvs.</summary>
    internal string? Engine { get; init; }

    /// <summary>Engine name as it was given, when it is an alias.</summary>
    internal string? EngineAlias { get; init; }

    /// <summary>Where the server listens.</summary>
    internal KvsAddress Address { get; init; } = new("127.0.0.1", 4000);

    /// <summary>Where HTTP is answered; null for nowhere.</summary>
    internal KvsAddress? Http { get; init; }

    /// <summary>Names in the Host header that HTTP answers to, beside addresses, localhost and its own name.</summary>
    internal IReadOnlyList<string> HttpHosts { get; init; } = [];

    /// <summary>Where it listens for gRPC; null for nowhere.</summary>
    internal KvsAddress? Grpc { get; init; }

    /// <summary>Where Redis clients are served; null for nowhere.</summary>
    internal KvsAddress? Resp { get; init; }

    /// <summary>Where the data lies, relative to the current directory or absolute.</summary>
    internal string DataDirectory { get; init; } = "kvs-data";

    /// <summary>How durable an acknowledged write is.</summary>
    internal DurabilityMode Durability { get; init; } = DurabilityMode.Always;

    /// <summary>Whether an address other than loopback is allowed although others could read or change what goes over it.</summary>
    internal bool Insecure { get; init; }

    /// <summary>File of the users; null to ask nobody who he is.</summary>
    internal string? UsersFile { get; init; }

    /// <summary>File of the server's certificate; null to speak without TLS.</summary>
    internal string? TlsCertificateFile { get; init; }

    /// <summary>File of its key; null when the certificate's file holds it.</summary>
    internal string? TlsKeyFile { get; init; }

    /// <summary>File of the authority of clients' and other nodes' certificates; null for those of the system.</summary>
    internal string? TlsCaFile { get; init; }

    /// <summary>Whether clients are asked for a certificate.</summary>
    internal TlsClients TlsClients { get; init; }

    /// <summary>Connections at once.</summary>
    internal int ConnectionsMax { get; init; } = 10_000;

    /// <summary>Longest frame on the wire.</summary>
    internal int FrameBytesMax { get; init; } = Limits.FrameBytesMax;

    /// <summary>Longest value.</summary>
    internal int ValueBytesMax { get; init; } = Limits.ValueBytesMax;

    /// <summary>Most bytes of keys and values in one batch.</summary>
    internal int BatchBytesMax { get; init; } = Limits.BatchBytesMax;

    /// <summary>Receive buffer of one connection: what it may send ahead of the answers.</summary>
    internal int SessionBytesMax { get; init; } = 256 * 1024;

    /// <summary>Bytes of writes of all connections that wait to be committed.</summary>
    internal long QueuedBytesMax { get; init; } = Limits.QueuedBytesMax;

    /// <summary>Bytes of large frames of all connections that are being received.</summary>
    internal long ReceiveBytesMax { get; init; } = DoorLimits.Default.ReceiveBytesMax;

    /// <summary>Bytes of large answers of all connections that have not been sent.</summary>
    internal long AnswerBytesMax { get; init; } = DoorLimits.Default.AnswerBytesMax;

    /// <summary>Memory that the process may have; null for that of its container, else of the machine.</summary>
    internal long? MemoryLimit { get; init; }

    /// <summary>Memory that the store may count on; null for that of the machine.</summary>
    internal long? MemoryBytes { get; init; }

    /// <summary>Time without a request after which a connection is closed; zero for never.</summary>
    internal TimeSpan IdleTimeout { get; init; }

    /// <summary>Longest wait for the rest of a frame that has begun; zero for no limit.</summary>
    internal TimeSpan FrameTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest wait for a client to take an answer; zero for no limit.</summary>
    internal TimeSpan SendTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest time for which a stopping server finishes what it received.</summary>
    internal TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Snapshots that one connection may hold.</summary>
    internal int SessionSnapshotsMax { get; init; } = 16;

    /// <summary>Snapshots that all connections may hold.</summary>
    internal int SnapshotsMax { get; init; } = 1_024;

    /// <summary>Age at which a snapshot of a client is ended; zero for no limit.</summary>
    internal TimeSpan SnapshotAgeMax { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Watches of all connections.</summary>
    internal int WatchersMax { get; init; } = WatchTable.Default;

    /// <summary>Log bytes that are kept as history before compaction.</summary>
    internal long HistoryBytes { get; init; } = Limits.HistoryBytes;

    /// <summary>The cluster that it belongs to.</summary>
    internal ClusterOptions Cluster { get; init; } = new();

    /// <summary>What takes as long as this is noted in the slow log; null for nothing.</summary>
    internal TimeSpan? SlowLogThreshold { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Entries that the slow log keeps.</summary>
    internal int SlowLogEntries { get; init; } = 128;

    /// <summary>Where metrics and activities are sent by OTLP; null for nowhere.</summary>
    internal Uri? OtlpEndpoint { get; init; }

    /// <summary>Least important log lines that are written.</summary>
    internal LogEventLevel LogLevel { get; init; } = LogEventLevel.Information;

    /// <summary>How the memory is divided.</summary>
    internal MemoryPlan Memory { get; init; } = MemoryPlan.Unlimited;

    /// <summary>The words of the settings that somebody has set.</summary>
    internal IReadOnlySet<string> Given { get; init; } = _nothing;

    /// <summary>All addresses at which clients come in.</summary>
    internal IEnumerable<KvsAddress> Addresses => [Address, .. new[] { Http, Grpc, Resp }.OfType<KvsAddress>()];

    /// <summary>Sets what nobody has set.</summary>
    /// <param name="word">The word of the setting.</param>
    /// <param name="set">Sets it.</param>
    internal ServerOptions Unless(string word, Func<ServerOptions, ServerOptions> set) => Given.Contains(word) ? this : set(this);

    /// <summary>What all doors share of them.</summary>
    internal DoorLimits ToDoorLimits() => new(QueuedBytesMax, ReceiveBytesMax, AnswerBytesMax);

    /// <summary>What the web door needs of them.</summary>
    internal WebDoorOptions ToWebDoorOptions() => new()
    {
        ConnectionsMax = ConnectionsMax,
        SessionBytesMax = SessionBytesMax,
        IdleTimeout = IdleTimeout,
        FrameTimeout = FrameTimeout,
        SendTimeout = SendTimeout,
    };

    /// <summary>What the HTTP interface needs of them.</summary>
    /// <param name="address">Where it listens.</param>
    internal HttpDoorOptions ToHttpDoorOptions(KvsAddress address) => new()
    {
        Address = address,
        Hosts = HttpHosts,
        ValueBytesMax = ValueBytesMax,
        BatchBytesMax = BatchBytesMax,
        SendTimeout = SendTimeout,
    };

    /// <summary>What a door whose sessions speak over TCP needs of them.</summary>
    /// <param name="address">Where it listens.</param>
    internal DoorOptions ToDoorOptions(KvsAddress address) => new()
    {
        Host = address.Host,
        Port = address.Port,
        ConnectionsMax = ConnectionsMax,
        FrameBytesMax = FrameBytesMax,
        ValueBytesMax = ValueBytesMax,
        SessionBytesMax = SessionBytesMax,
        SessionSnapshotsMax = SessionSnapshotsMax,
        IdleTimeout = IdleTimeout,
        FrameTimeout = FrameTimeout,
        SendTimeout = SendTimeout,
    };
}
