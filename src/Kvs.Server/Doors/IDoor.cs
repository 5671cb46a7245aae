using Kvs.Server.Telemetry;

namespace Kvs.Server.Doors;

/// <summary>
/// A listener with its sessions: one wire protocol on one address. It opens when it is made. The server drains all doors
/// at once, before the engine closes, and disposes them. Threading: as for the server, once and in that order.
/// </summary>
internal interface IDoor : IAsyncDisposable
{
    /// <summary>Name of its wire protocol, for the log.</summary>
    string Name { get; }

    /// <summary>The port that it listens on.</summary>
    int Port { get; }

    /// <summary>Its addresses, each with its connections.</summary>
    IEnumerable<DoorFigures> Figures { get; }

    /// <summary>Stops accepting, lets sessions answer what they have received, and closes them.</summary>
    /// <param name="limit">Time after which those that are left are closed as they are.</param>
    Task DrainAsync(TimeSpan limit);
}
