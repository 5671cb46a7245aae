using Kvs.Core.Platform;
using Kvs.Server.Doors.Sessions;
using Kvs.Server.Telemetry;
using Microsoft.Extensions.Logging;

namespace Kvs.Server.Doors.Resp;

/// <summary>
/// The door for Redis clients: RESP2 and RESP3. Threading: any thread. Ownership: of the listener and the sessions.
/// </summary>
internal sealed class RespDoor : IDoor
{
    private readonly SessionHost _host;

    private RespDoor(
        IListener listener, DoorOptions options, RequestDispatcher dispatcher, TimeProvider time, ILogger logger)
    {
        var log = new SessionLog(logger);
        SessionHost? host = null;
        var context = new SessionContext(options, dispatcher, time, log, () => host!.IsDraining) { Door = Name };
        var shared = new RespShared(context) { Port = listener.Port };
        _host = host = new SessionHost(
            listener, options, dispatcher, time, log, connection => new RespSession(shared, connection));
    }

    /// <inheritdoc/>
    public string Name => "resp";

    /// <inheritdoc/>
    public int Port => _host.Port;

    /// <inheritdoc/>
    public IEnumerable<DoorFigures> Figures => [new DoorFigures(Name, Port, _host.Connections)];

    /// <summary>Begins to listen and to accept.</summary>
    /// <param name="transport">The network.</param>
    /// <param name="options">The limits.</param>
    /// <param name="dispatcher">The way to the engine.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    /// <returns>The open door. Ownership: the caller's.</returns>
    /// <exception cref="IOException">The address is in use or not of this machine.</exception>
    internal static RespDoor Open(
        ITransport transport, DoorOptions options, RequestDispatcher dispatcher, TimeProvider time, ILogger logger)
    {
        var listener = transport.Listen(options.Host, options.Port);
        var door = new RespDoor(listener, options, dispatcher, time, logger);
        new RespDoorLog(logger).Serving($"{options.Host}:{options.Port}", listener.Port);
        door._host.Start();
        return door;
    }

    /// <inheritdoc/>
    public Task DrainAsync(TimeSpan limit) => _host.DrainAsync(limit);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
