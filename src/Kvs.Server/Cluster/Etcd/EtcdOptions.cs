namespace Kvs.Server.Cluster.Etcd;

/// <summary>How to reach etcd, and how long to wait for it.</summary>
internal sealed record EtcdOptions
{
    /// <summary>The client addresses of its members: scheme, host and port; at least one.</summary>
    internal required IReadOnlyList<Uri> Addresses { get; init; }

    /// <summary>The clock.</summary>
    internal required TimeProvider Time { get; init; }

    /// <summary>
    /// Decides which member is asked first, so that nodes spread, and jitters pauses. Threading: the client's alone.
    /// </summary>
    internal required Random Random { get; init; }

    /// <summary>Longest time for one call at one member, login included. A paused member costs this once.</summary>
    internal TimeSpan CallTimeout { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Longest time for making a connection. Shorter than a call has: a write to a machine that is gone is then surely not
    /// sent, and goes on to the next member instead of being unknown.
    /// </summary>
    internal TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Time between two keepalives of a lease.</summary>
    internal TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Silence after which a watch asks its member for a sign of life.</summary>
    internal TimeSpan WatchSilence { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Longest answer that is taken. etcd takes requests of up to 1.5 MiB, so one key always fits; a Range over a prefix
    /// that holds more fails by name instead of filling the memory.
    /// </summary>
    internal int MessageBytesMax { get; init; } = 4 * 1024 * 1024;

    /// <summary>Files for https; null for the system's certificates.</summary>
    internal EtcdTls? Tls { get; init; }

    /// <summary>Who we are; null where etcd asks for no login.</summary>
    internal EtcdCredentials? Credentials { get; init; }
}
