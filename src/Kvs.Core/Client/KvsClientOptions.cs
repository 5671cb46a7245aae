using Kvs.Core.Platform;

namespace Kvs.Core.Client;

/// <summary>Settings of a client; the defaults suit a server that is near.</summary>
public sealed record KvsClientOptions
{
    /// <summary>Longest time to connect to one address, handshake included. 5 s by default.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Longest time that a call waits for its answer, repetitions included; 30 s by default,
    /// <see cref="Timeout.InfiniteTimeSpan"/> for no limit. The server is told, and drops work that is too late. A compaction
    /// is not limited.
    /// </summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Whether calls are repeated, at the next address or where a server says, when a node is gone, not the primary, or has
    /// no room; on by default. A write that may have been applied is repeated only where the server applies it once.
    /// </summary>
    public bool Retry { get; init; } = true;

    /// <summary>
    /// Whether a node that is not the primary names it instead of forwarding writes: a hop less for each, if the addresses
    /// that nodes tell each other can be reached from here. Off by default.
    /// </summary>
    public bool Redirect { get; init; }

    /// <summary>What the reads of the client may miss; by default nothing. <see cref="KvsClient.Reading"/> asks otherwise.</summary>
    public ReadOptions Reads { get; init; } = new();

    /// <summary>
    /// What proves who the client is, on each connection that is made; null to say nothing, which a server with users refuses.
    /// </summary>
    public KvsCredentials? Credentials { get; init; }

    /// <summary>TLS; null to connect without.</summary>
    public KvsTls? Tls { get; init; }

    /// <summary>Silence after which the server is asked for a sign of life; off by default.</summary>
    public TimeSpan KeepAlive { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Name of the program, for the server's log.</summary>
    public string ClientName { get; init; } = "kvs-dotnet";

    /// <summary>Clocks and timers; the system's by default.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>The network; TCP by default.</summary>
    internal ITransport Transport { get; init; } = new SocketTransport();

    /// <summary>Random id of the client instance; null to draw one.</summary>
    internal ulong? ClientId { get; init; }

    /// <summary>Refuses settings that mean nothing.</summary>
    internal void Validate()
    {
        RequirePositive(ConnectTimeout, nameof(ConnectTimeout));
        RequirePositive(RequestTimeout, nameof(RequestTimeout));
        RequirePositive(KeepAlive, nameof(KeepAlive));
    }

    // Timers take at most this; a longer time is said as infinite.
    private static void RequirePositive(TimeSpan time, string name)
    {
        if (time != Timeout.InfiniteTimeSpan && (time <= TimeSpan.Zero || time.TotalMilliseconds > int.MaxValue))
        {
            throw new ArgumentOutOfRangeException(name, time, "Give a positive time of at most 24 days, or Timeout.InfiniteTimeSpan.");
        }
    }
}
