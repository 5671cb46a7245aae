namespace Kvs.Server.Cluster.Driver;

/// <summary>
/// What has happened and is to be heard on the driver's loop, in the order in which it came.
/// Threading: added from any thread, run on the loop.
/// </summary>
internal sealed class Arrivals
{
    private readonly Lock _gate = new();
    private List<Action> _waiting = []; // guarded by _gate
    private List<Action> _taken = []; // loop only

    /// <summary>Whether more has come.</summary>
    internal bool HasAny
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count > 0;
            }
        }
    }

    /// <summary>Something has happened.</summary>
    /// <param name="arrival">What the loop does then.</param>
    internal void Add(Action arrival)
    {
        lock (_gate)
        {
            _waiting.Add(arrival);
        }
    }

    /// <summary>Does all that was there before the call.</summary>
    internal void Run()
    {
        lock (_gate)
        {
            (_waiting, _taken) = (_taken, _waiting);
        }

        foreach (var arrival in _taken)
        {
            arrival();
        }

        _taken.Clear();
    }
}
