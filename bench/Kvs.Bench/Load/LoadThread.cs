using Kvs.Bench.Figures;

namespace Kvs.Bench.Load;

/// <summary>
/// One thread that carries some of the clients: waits for sockets, reads replies, sends what is next. Threading: what it holds
/// belongs to the thread that runs it. Ownership: of the connections.
/// </summary>
internal sealed class LoadThread : IDisposable
{
    private static readonly long _patience = Clock.FromSeconds(20);

    private readonly LoadConnection[] _connections;
    private readonly Readiness _readiness = new();
    private long _lastReply;

    /// <summary>Connects the clients.</summary>
    /// <param name="plan">To whom.</param>
    /// <param name="clients">How many of its clients.</param>
    internal LoadThread(LoadPlan plan, int clients)
    {
        _connections = new LoadConnection[clients];
        for (var i = 0; i < clients; i++)
        {
            _connections[i] = LoadConnection.Open(plan, _readiness, i);
        }
    }

    /// <summary>Runs until nothing more is sent and all replies are there, or until it gives up.</summary>
    /// <param name="pace">When what is sent.</param>
    /// <param name="recorder">Told of each reply.</param>
    /// <param name="giveUp">When to wait no longer.</param>
    internal void Run(ILoadPace pace, LoadRecorder recorder, long giveUp)
    {
        Readiness.WakeThisThreadOnTime();
        _lastReply = Clock.Nanos;
        while (true)
        {
            var now = Clock.Nanos;
            var due = pace.SendDue(_connections, now);
            if (now >= giveUp || (pace.IsOver(now) && Array.TrueForAll(_connections, static connection => connection.InFlight == 0)))
            {
                break;
            }

            var ready = _readiness.Wait(Math.Min(Math.Min(due, giveUp) - now, _patience));
            for (var i = 0; i < ready; i++)
            {
                Serve(_connections[_readiness.Ready(i)], pace, recorder);
            }

            RequireReplies(ready);
        }

        pace.GiveUp(recorder);
        foreach (var connection in _connections)
        {
            connection.GiveUp(recorder);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _readiness.Dispose();
        foreach (var connection in _connections)
        {
            connection.Dispose();
        }
    }

    private static void Serve(LoadConnection connection, ILoadPace pace, LoadRecorder recorder)
    {
        connection.Receive(recorder);
        pace.SendNext(connection, Clock.Nanos);
        connection.Flush();
    }

    private void RequireReplies(int ready)
    {
        var now = Clock.Nanos;
        if (ready > 0)
        {
            _lastReply = now;
        }
        else if (now - _lastReply > _patience && Array.Exists(_connections, static connection => connection.InFlight > 0))
        {
            throw new LoadFaultException($"No reply came for {Clock.ToSeconds(_patience):N0} s.");
        }
    }
}
