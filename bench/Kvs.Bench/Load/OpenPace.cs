using Kvs.Bench.Load.Wires;
using Kvs.Bench.Workloads;

namespace Kvs.Bench.Load;

/// <summary>
/// Open loop: requests are due at a set rate, whether earlier ones are answered or not, and their latency counts from when they
/// were due. A request that finds no client with room waits its turn, and its clock runs: no coordinated omission.
/// </summary>
/// <param name="source">What is asked.</param>
/// <param name="window">The times.</param>
/// <param name="interval">Nanoseconds from one request to the next.</param>
internal sealed class OpenPace(RequestSource source, LoadWindow window, double interval) : ILoadPace
{
    private long _sent;
    private int _turn;

    /// <inheritdoc/>
    public bool IsOver(long now) => Due >= window.Until;

    /// <inheritdoc/>
    public long SendDue(LoadConnection[] connections, long now)
    {
        var isFull = false;
        while (!isFull && Due <= now && !IsOver(now))
        {
            if (NextWithRoom(connections) is { } connection)
            {
                source.Send(connection, Due);
                _sent++;
            }
            else
            {
                isFull = true;
            }
        }

        foreach (var connection in connections)
        {
            connection.Flush();
        }

        return isFull || IsOver(now) ? long.MaxValue : Due;
    }

    /// <inheritdoc/>
    public void SendNext(LoadConnection connection, long now)
    {
        // By time alone.
    }

    /// <inheritdoc/>
    public void GiveUp(LoadRecorder recorder)
    {
        for (; Due < window.Until; _sent++)
        {
            recorder.RecordUnanswered(new PendingRequest(RequestKind.Get, Id: 0, Key: 0, Due));
        }
    }

    private long Due => window.Start + (long)(_sent * interval);

    private LoadConnection? NextWithRoom(LoadConnection[] connections)
    {
        for (var i = 0; i < connections.Length; i++)
        {
            var connection = connections[_turn];
            _turn = (_turn + 1) % connections.Length;
            if (!connection.IsFull)
            {
                return connection;
            }
        }

        return null;
    }
}
