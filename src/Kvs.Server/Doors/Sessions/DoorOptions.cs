using Kvs.Core.Primitives;

namespace Kvs.Server.Doors.Sessions;

/// <summary>
/// Address and limits of a door whose sessions speak over TCP; docs/operations.md says what happens at each limit.
/// </summary>
internal sealed record DoorOptions
{
    /// <summary>Requests of one burst; more wait until it is answered. The binary protocol tells it in the handshake.</summary>
    internal const int BurstRequestsMax = 4096;

    /// <summary>Name or address to listen on.</summary>
    internal required string Host { get; init; }

    /// <summary>Port; 0 for any that is free.</summary>
    internal required int Port { get; init; }

    /// <summary>Connections at once; one more is told so and closed.</summary>
    internal int ConnectionsMax { get; init; } = 10_000;

    /// <summary>Longest frame, or command.</summary>
    internal int FrameBytesMax { get; init; } = Limits.FrameBytesMax;

    /// <summary>Longest value, for the handshake; the engine enforces it.</summary>
    internal int ValueBytesMax { get; init; } = Limits.ValueBytesMax;

    /// <summary>
    /// Bytes of one burst, that is of the receive buffer, where one larger frame makes a burst of its own; and of the
    /// values that a burst gives back.
    /// </summary>
    internal int SessionBytesMax { get; init; } = 256 * 1024;

    /// <summary>Snapshots of one connection, for the handshake; the dispatcher enforces it.</summary>
    internal int SessionSnapshotsMax { get; init; } = 16;

    /// <summary>Time without a request after which a connection is closed; zero for never.</summary>
    internal TimeSpan IdleTimeout { get; init; }

    /// <summary>Longest wait for the handshake, or for the rest of a frame; zero for no limit.</summary>
    internal TimeSpan FrameTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest wait for a client to take an answer; zero for no limit.</summary>
    internal TimeSpan SendTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
