using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Server.Doors.Sessions;
using Kvs.Server.Telemetry;
using Microsoft.Extensions.Logging;

namespace Kvs.Server.Doors.Tcp;

/// <summary>
/// The door for the binary protocol over TCP: what its sessions share, and the way by which other nodes come.
/// Threading: any thread. Ownership: of the listener and the sessions.
/// </summary>
internal sealed class TcpDoor : IDoor
{
    /// <summary>Smallest limit of answers, whatever the client says: errors must fit.</summary>
    private const uint AnswerBytesMin = 4096;

    private readonly SessionHost _host;
    private Action<IConnection, ReadOnlyMemory<byte>>? _acceptLink; // published: Volatile

    private TcpDoor(
        IListener listener, DoorOptions options, RequestDispatcher dispatcher, TimeProvider time, ILogger logger)
    {
        var log = new SessionLog(logger);
        _host = new SessionHost(
            listener, options, dispatcher, time, log, connection => new TcpSession(this, connection));
        Context = new SessionContext(options, dispatcher, time, log, () => _host.IsDraining) { Door = Name };
    }

    /// <inheritdoc/>
    public string Name => "tcp";

    /// <inheritdoc/>
    public int Port => _host.Port;

    /// <inheritdoc/>
    public IEnumerable<DoorFigures> Figures => [new DoorFigures(Name, Port, _host.Connections)];

    /// <summary>What its sessions share.</summary>
    internal SessionContext Context { get; }

    /// <summary>The bytes that it shares with the other doors.</summary>
    internal DoorBudgets Budgets => Context.Budgets;

    /// <summary>
    /// Takes over a connection on which another node speaks, with what was received on it; never fails. Null when the
    /// server is in no cluster: then such a connection is refused. Threading: set at any time, once.
    /// </summary>
    internal Action<IConnection, ReadOnlyMemory<byte>>? AcceptLink
    {
        get => Volatile.Read(ref _acceptLink);
        set => Volatile.Write(ref _acceptLink, value);
    }

    /// <summary>Begins to listen and to accept.</summary>
    /// <param name="transport">The network.</param>
    /// <param name="options">The limits.</param>
    /// <param name="dispatcher">The way to the engine.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    /// <returns>The open door. Ownership: the caller's.</returns>
    /// <exception cref="IOException">The address is in use or not of this machine.</exception>
    internal static TcpDoor Open(
        ITransport transport, DoorOptions options, RequestDispatcher dispatcher, TimeProvider time, ILogger logger)
    {
        var door = new TcpDoor(transport.Listen(options.Host, options.Port), options, dispatcher, time, logger);
        door._host.Start();
        return door;
    }

    /// <summary>Longest answer for a client.</summary>
    /// <param name="announced">What the client says that it takes; 0 for nothing said.</param>
    internal int AnswerBytesMax(uint announced) =>
        announced == 0
            ? Context.Options.FrameBytesMax
            : (int)Math.Min(Math.Max(announced, AnswerBytesMin), (uint)Context.Options.FrameBytesMax);

    /// <summary>The answer to a handshake.</summary>
    /// <param name="version">The protocol version to speak.</param>
    internal HelloAck Acknowledge(ushort version)
    {
        var (options, dispatcher) = (Context.Options, Context.Dispatcher);
        var info = dispatcher.Info();
        return new HelloAck
        {
            Version = version,
            Role = info.Role,
            Epoch = info.Epoch,
            Features = Features.Positions | (dispatcher.AppliesOnce ? Features.ExactlyOnce : Features.None),
            FrameBytesMax = (uint)options.FrameBytesMax,
            KeyBytesMax = Limits.KeyBytesMax,
            ValueBytesMax = (uint)options.ValueBytesMax,
            BatchOperationsMax = Limits.BatchOperationsMax,
            InFlightMax = DoorOptions.BurstRequestsMax,
            StreamsMax = SessionStreams.StreamsMax,
            SnapshotsMax = (uint)options.SessionSnapshotsMax,
            IdleTimeoutMillis = (uint)Math.Min(options.IdleTimeout.TotalMilliseconds, uint.MaxValue),
            NodeId = info.NodeId,
            ServerName = info.Name,
            ServerVersion = info.Version,
        };
    }

    /// <inheritdoc/>
    public Task DrainAsync(TimeSpan limit) => _host.DrainAsync(limit);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
