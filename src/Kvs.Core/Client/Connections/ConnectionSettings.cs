using Kvs.Core.Platform;
using Kvs.Core.Primitives;

namespace Kvs.Core.Client.Connections;

/// <summary>What a connection needs to be made.</summary>
internal sealed record ConnectionSettings
{
    /// <summary>The network.</summary>
    internal required ITransport Transport { get; init; }

    /// <summary>Where to.</summary>
    internal required KvsAddress Address { get; init; }

    /// <summary>Clocks and timers.</summary>
    internal required TimeProvider Time { get; init; }

    /// <summary>Told of the positions that answers carry.</summary>
    internal required PositionMark Positions { get; init; }

    /// <summary>Random id of the client instance.</summary>
    internal required ulong ClientId { get; init; }

    /// <summary>Name of the program.</summary>
    internal required string ClientName { get; init; }

    /// <summary>What proves who connects; null to say nothing.</summary>
    internal KvsCredentials? Credentials { get; init; }

    /// <summary>Longest time to connect, handshake included.</summary>
    internal required TimeSpan ConnectTimeout { get; init; }

    /// <summary>Longest wait for an answer.</summary>
    internal required TimeSpan RequestTimeout { get; init; }

    /// <summary>Silence after which a ping is sent.</summary>
    internal required TimeSpan KeepAlive { get; init; }
}
