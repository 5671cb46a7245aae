namespace Kvs.Bench.Load;

/// <summary>Closed loop: a client that has all its replies sends the next requests at once. It shows what a server can carry.</summary>
/// <param name="source">What is asked.</param>
/// <param name="pipeline">Requests at once.</param>
internal sealed class ClosedPace(RequestSource source, int pipeline) : ILoadPace
{
    private bool _hasStarted;

    /// <inheritdoc/>
    public bool IsOver(long now) => source.IsOver(now);

    /// <inheritdoc/>
    public long SendDue(LoadConnection[] connections, long now)
    {
        if (!_hasStarted)
        {
            _hasStarted = true;
            foreach (var connection in connections)
            {
                SendNext(connection, now);
                connection.Flush();
            }
        }

        return long.MaxValue;
    }

    /// <inheritdoc/>
    public void SendNext(LoadConnection connection, long now)
    {
        if (connection.InFlight > 0)
        {
            return;
        }

        for (var i = 0; i < pipeline && !source.IsOver(now); i++)
        {
            source.Send(connection, now);
        }
    }

    /// <inheritdoc/>
    public void GiveUp(LoadRecorder recorder)
    {
        // Nothing is due before it is sent.
    }
}
