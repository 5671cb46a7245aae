using System.Collections.Concurrent;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Responses;
using Microsoft.Extensions.Logging;

namespace Kvs.Server.Doors.Tcp;

/// <summary>
/// The door for the binary protocol over TCP: accepts connections, runs a session for each, holds what sessions share,
/// ends those that are overdue, and drains them when the server stops.
/// Threading: any thread. Ownership: of the listener and the sessions.
/// </summary>
internal sealed class TcpDoor : IDoor
{
    /// <summary>How long a refused client may take to read the last frame and close.</summary>
    internal static readonly TimeSpan LingerMax = TimeSpan.FromSeconds(1);

    /// <summary>Bytes of a refused client that are read, without looking, before its connection is closed.</summary>
    internal const int LingerBytesMax = 1024 * 1024;

    /// <summary>Refused connections that are closed politely at once; beyond it, without a word.</summary>
    private const int RefusalsMax = 256;

    /// <summary>Smallest limit of answers, whatever the client says: errors must fit.</summary>
    private const uint AnswerBytesMin = 4096;

    private static readonly TimeSpan _acceptPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _abortMax = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _sweepMax = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _sweepMin = TimeSpan.FromMilliseconds(20);

    private readonly IListener _listener;
    private readonly ConcurrentDictionary<TcpSession, Task> _sessions = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly ITimer _sweep;
    private Task _accepting = Task.CompletedTask;
    private Action<IConnection, ReadOnlyMemory<byte>>? _acceptLink; // published: Volatile
    private int _open; // Interlocked: sessions, without refused ones
    private int _refusals; // Interlocked

    private TcpDoor(
        IListener listener, TcpDoorOptions options, RequestDispatcher dispatcher, TimeProvider time, ILogger logger)
    {
        _listener = listener;
        Options = options;
        Dispatcher = dispatcher;
        Time = time;
        Log = new TcpDoorLog(logger);
        var period = SweepPeriod(options);
        _sweep = time.CreateTimer(static door => ((TcpDoor)door!).EndOverdue(), this, period, period);
    }

    /// <summary>What a session is told that the server ends because it stops.</summary>
    internal static ErrorResponse Stopping { get; } =
        new(ErrorCode.ShuttingDown, WriteOutcome.NotApplied, "The server is stopping. Connect again later.");

    /// <inheritdoc/>
    public string Name => "tcp";

    /// <inheritdoc/>
    public int Port => _listener.Port;

    /// <summary>The limits.</summary>
    internal TcpDoorOptions Options { get; }

    /// <summary>The way to the engine.</summary>
    internal RequestDispatcher Dispatcher { get; }

    /// <summary>The clock.</summary>
    internal TimeProvider Time { get; }

    /// <summary>The log.</summary>
    internal TcpDoorLog Log { get; }

    /// <summary>The bytes that it shares with the other doors.</summary>
    internal DoorBudgets Budgets => Dispatcher.Budgets;

    /// <summary>
    /// Takes over a connection on which another node speaks, with what was received on it; never fails. Null when the
    /// server is in no cluster: then such a connection is refused. Threading: set at any time, once.
    /// </summary>
    internal Action<IConnection, ReadOnlyMemory<byte>>? AcceptLink
    {
        get => Volatile.Read(ref _acceptLink);
        set => Volatile.Write(ref _acceptLink, value);
    }

    /// <summary>Whether sessions end as soon as they have answered what was received.</summary>
    internal bool IsDraining => _stopping.IsCancellationRequested;

    /// <summary>Begins to listen and to accept.</summary>
    /// <param name="transport">The network.</param>
    /// <param name="options">The limits.</param>
    /// <param name="dispatcher">The way to the engine.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    /// <returns>The open door. Ownership: the caller's.</returns>
    /// <exception cref="IOException">The address is in use or not of this machine.</exception>
    internal static TcpDoor Open(
        ITransport transport, TcpDoorOptions options, RequestDispatcher dispatcher, TimeProvider time, ILogger logger)
    {
        var door = new TcpDoor(transport.Listen(options.Host, options.Port), options, dispatcher, time, logger);
        door._accepting = door.AcceptAsync();
        return door;
    }

    /// <summary>Longest answer for a client.</summary>
    /// <param name="announced">What the client says that it takes; 0 for nothing said.</param>
    internal int AnswerBytesMax(uint announced) =>
        announced == 0
            ? Options.FrameBytesMax
            : (int)Math.Min(Math.Max(announced, AnswerBytesMin), (uint)Options.FrameBytesMax);

    /// <summary>The answer to a handshake.</summary>
    /// <param name="version">The protocol version to speak.</param>
    internal HelloAck Acknowledge(ushort version)
    {
        var info = Dispatcher.Info();
        return new HelloAck
        {
            Version = version,
            Role = info.Role,
            Epoch = info.Epoch,
            Features = Features.Positions | (Dispatcher.AppliesOnce ? Features.ExactlyOnce : Features.None),
            FrameBytesMax = (uint)Options.FrameBytesMax,
            KeyBytesMax = Limits.KeyBytesMax,
            ValueBytesMax = (uint)Options.ValueBytesMax,
            BatchOperationsMax = Limits.BatchOperationsMax,
            InFlightMax = TcpDoorOptions.BurstRequestsMax,
            StreamsMax = TcpDoorOptions.StreamsMax,
            SnapshotsMax = (uint)Options.SessionSnapshotsMax,
            IdleTimeoutMillis = (uint)Math.Min(Options.IdleTimeout.TotalMilliseconds, uint.MaxValue),
            NodeId = info.NodeId,
            ServerName = info.Name,
            ServerVersion = info.Version,
        };
    }

    /// <inheritdoc/>
    public async Task DrainAsync(TimeSpan limit)
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _accepting;
        foreach (var session in _sessions.Keys)
        {
            session.TryEnd(Stopping);
        }

        var all = Task.WhenAll(_sessions.Values);
        try
        {
            await all.WaitAsync(limit, Time);
        }
        catch (TimeoutException)
        {
            Log.DrainTimedOut(_sessions.Count, limit);
            foreach (var session in _sessions.Keys)
            {
                session.Abort();
            }

            // Those that wait for the engine end with it.
            await all.WaitAsync(_abortMax, Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await DrainAsync(TimeSpan.Zero);
        await _sweep.DisposeAsync();
        _stopping.Dispose();
    }

    /// <summary>Often enough that the shortest time limit is kept to a quarter.</summary>
    private static TimeSpan SweepPeriod(TcpDoorOptions options)
    {
        var period = _sweepMax;
        foreach (var limit in (ReadOnlySpan<TimeSpan>)[options.IdleTimeout, options.FrameTimeout, options.SendTimeout])
        {
            period = limit > TimeSpan.Zero && limit / 4 < period ? limit / 4 : period;
        }

        return period < _sweepMin ? _sweepMin : period;
    }

    private async Task AcceptAsync()
    {
        while (!IsDraining)
        {
            try
            {
                Admit(await _listener.AcceptAsync(_stopping.Token));
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (IOException) when (IsDraining)
            {
                return;
            }
            catch (IOException failure)
            {
                // Out of descriptors, or the client was gone before it was accepted. The others go on.
                Log.AcceptFailed(failure.Message, _acceptPause);
                await Task.Delay(_acceptPause, Time, _stopping.Token)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private void Admit(IConnection connection)
    {
        var session = new TcpSession(this, connection);
        if (Interlocked.Increment(ref _open) <= Options.ConnectionsMax)
        {
            Dispatcher.CountConnection(1);
            Track(session, static session => session.RunAsync(), static door => door.Leave());
            return;
        }

        Log.TooManyConnections(connection.RemoteAddress, Interlocked.Decrement(ref _open));
        if (Interlocked.Increment(ref _refusals) <= RefusalsMax)
        {
            Track(
                session,
                static session => session.RefuseAsync(TooMany),
                static door => Interlocked.Decrement(ref door._refusals));
            return;
        }

        Interlocked.Decrement(ref _refusals);
        connection.Dispose();
    }

    private static ErrorResponse TooMany { get; } = new(
        ErrorCode.TooManyConnections,
        WriteOutcome.NotApplied,
        "The server has as many connections as it is allowed to have (connections-max).");

    private void Leave()
    {
        Interlocked.Decrement(ref _open);
        Dispatcher.CountConnection(-1);
    }

    /// <summary>Runs a session, and knows of it as long as it runs.</summary>
    private void Track(TcpSession session, Func<TcpSession, Task> run, Action<TcpDoor> ended)
    {
        var begin = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _sessions[session] = RunAsync();
        begin.SetResult();

        async Task RunAsync()
        {
            await begin.Task;
            try
            {
                await run(session);
            }
            finally
            {
                _sessions.TryRemove(session, out _);
                ended(this);
            }
        }
    }

    private void EndOverdue()
    {
        foreach (var session in _sessions.Keys)
        {
            session.EndOverdue(Options);
        }
    }
}
