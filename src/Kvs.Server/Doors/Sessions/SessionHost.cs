using System.Collections.Concurrent;
using Kvs.Core.Platform;

namespace Kvs.Server.Doors.Sessions;

/// <summary>
/// What every door with a listener of its own does: accepts connections, runs a session for each, ends those that are
/// overdue, and drains them when the server stops. Threading: any thread. Ownership: of the listener and the sessions.
/// </summary>
internal sealed class SessionHost : IAsyncDisposable
{
    /// <summary>Refused connections that are closed politely at once; beyond it, without a word.</summary>
    private const int RefusalsMax = 256;

    /// <summary>Bytes that idle sessions give up before they are collected.</summary>
    private const long CollectAtBytes = 32 * 1024 * 1024;

    private static readonly TimeSpan _acceptPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _abortMax = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _sweepMax = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _sweepMin = TimeSpan.FromMilliseconds(20);

    private readonly IListener _listener;
    private readonly DoorOptions _options;
    private readonly RequestDispatcher _dispatcher;
    private readonly TimeProvider _time;
    private readonly SessionLog _log;
    private readonly Func<IConnection, ISession> _newSession;
    private readonly ConcurrentDictionary<ISession, Task> _sessions = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly ITimer _sweep;
    private Task _accepting = Task.CompletedTask;
    private long _givenBack; // the sweep's: bytes that idle sessions gave up and that are not collected yet
    private int _open; // Interlocked: sessions, without refused ones
    private int _refusals; // Interlocked

    /// <summary>Creates it; <see cref="Start"/> begins to accept.</summary>
    /// <param name="listener">The listener. Ownership: this object's.</param>
    /// <param name="options">The limits.</param>
    /// <param name="dispatcher">Counts the connections of all doors, which share one limit.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">The log.</param>
    /// <param name="newSession">Makes a session, which owns its connection.</param>
    internal SessionHost(
        IListener listener, DoorOptions options, RequestDispatcher dispatcher, TimeProvider time, SessionLog log,
        Func<IConnection, ISession> newSession)
    {
        _listener = listener;
        _options = options;
        _dispatcher = dispatcher;
        _time = time;
        _log = log;
        _newSession = newSession;
        var period = SweepPeriod(options);
        _sweep = time.CreateTimer(static host => ((SessionHost)host!).EndOverdue(), this, period, period);
    }

    /// <summary>The port that it listens on.</summary>
    internal int Port => _listener.Port;

    /// <summary>Sessions that are open, without refused ones.</summary>
    internal int Connections => Volatile.Read(ref _open);

    /// <summary>Whether sessions end as soon as they have answered what was received.</summary>
    internal bool IsDraining => _stopping.IsCancellationRequested;

    /// <summary>Begins to accept.</summary>
    internal void Start() => _accepting = AcceptAsync();

    /// <summary>Stops accepting, lets sessions answer what they have received, and closes them.</summary>
    /// <param name="limit">Time after which those that are left are closed as they are.</param>
    internal async Task DrainAsync(TimeSpan limit)
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _accepting;
        foreach (var session in _sessions.Keys)
        {
            session.TryEnd(EndReason.Stopping);
        }

        var all = Task.WhenAll(_sessions.Values);
        try
        {
            await all.WaitAsync(limit, _time);
        }
        catch (TimeoutException)
        {
            _log.DrainTimedOut(_sessions.Count, limit);
            foreach (var session in _sessions.Keys)
            {
                session.Abort();
            }

            // Those that wait for the engine end with it.
            await all.WaitAsync(_abortMax, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
    private static TimeSpan SweepPeriod(DoorOptions options)
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
                _log.AcceptFailed(failure.Message, _acceptPause);
                await Task.Delay(_acceptPause, _time, _stopping.Token)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private void Admit(IConnection connection)
    {
        if (_dispatcher.TryAddConnection(_options.ConnectionsMax))
        {
            Interlocked.Increment(ref _open);
            Track(_newSession(connection), static session => session.RunAsync(), static host => host.Leave());
            return;
        }

        _log.TooManyConnections(connection.RemoteAddress, _options.ConnectionsMax);
        if (Interlocked.Increment(ref _refusals) <= RefusalsMax)
        {
            Track(
                _newSession(connection),
                static session => session.RefuseAsync(),
                static host => Interlocked.Decrement(ref host._refusals));
            return;
        }

        Interlocked.Decrement(ref _refusals);
        connection.Dispose();
    }

    private void Leave()
    {
        Interlocked.Decrement(ref _open);
        _dispatcher.CountConnection(-1);
    }

    /// <summary>Runs a session, and knows of it as long as it runs.</summary>
    private void Track(ISession session, Func<ISession, Task> run, Action<SessionHost> ended)
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
        var givenBack = 0L;
        foreach (var session in _sessions.Keys)
        {
            givenBack += session.EndOverdue();
        }

        // A server at rest allocates nothing, so the runtime would have no reason to collect.
        _givenBack += givenBack;
        if (_givenBack >= CollectAtBytes)
        {
            _givenBack = 0;
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
        }
    }
}
