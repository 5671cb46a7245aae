using Kvs.Core.Engines;
using Kvs.Core.Primitives;

namespace Kvs.Server.Doors;

/// <summary>How many snapshots clients may hold, and for how long.</summary>
/// <param name="SessionMax">Snapshots of one connection.</param>
/// <param name="TotalMax">Snapshots of all connections, running scans included.</param>
/// <param name="AgeMax">Age at which one is ended; zero for no limit.</param>
internal readonly record struct SnapshotLimits(int SessionMax, int TotalMax, TimeSpan AgeMax);

/// <summary>
/// All snapshots that clients hold, by whichever door, so that no client keeps memory and files alive for ever. Those
/// that are too old are ended once a second. Threading: any thread.
/// </summary>
internal sealed class SnapshotTable : IDisposable
{
    private static readonly TimeSpan _sweepPeriod = TimeSpan.FromSeconds(1);

    private readonly Func<IEngineSnapshot> _open;
    private readonly SnapshotLimits _limits;
    private readonly TimeProvider _time;
    private readonly ITimer? _sweep;
    private readonly Lock _gate = new();
    private readonly HashSet<SnapshotLease> _leases = []; // guarded by _gate
    private ulong _lastId; // guarded by _gate
    private int _count; // guarded by _gate

    /// <summary>Creates an empty table.</summary>
    /// <param name="open">Takes a snapshot of the engine.</param>
    /// <param name="limits">How many, and for how long.</param>
    /// <param name="time">Clocks and timers.</param>
    internal SnapshotTable(Func<IEngineSnapshot> open, SnapshotLimits limits, TimeProvider time)
    {
        _open = open;
        _limits = limits;
        _time = time;
        if (limits.AgeMax > TimeSpan.Zero)
        {
            _sweep = time.CreateTimer(
                static table => ((SnapshotTable)table!).EndAged(), this, _sweepPeriod, _sweepPeriod);
        }
    }

    /// <summary>Snapshots that one connection may hold.</summary>
    internal int SessionMax => _limits.SessionMax;

    /// <summary>Takes a snapshot.</summary>
    /// <returns>The lease. Ownership: the caller ends it.</returns>
    /// <exception cref="KvsException">Overloaded: there are as many as allowed.</exception>
    internal SnapshotLease Open()
    {
        ulong id;
        lock (_gate)
        {
            if (_count >= _limits.TotalMax)
            {
                throw new KvsUnavailableException(
                    ErrorCode.Overloaded,
                    $"The server holds {_count} snapshots, as many as it may (snapshots-max). Retry later.");
            }

            _count++;
            id = ++_lastId;
        }

        try
        {
            var lease = new SnapshotLease(id, _open(), _time.GetTimestamp(), Forget);
            lock (_gate)
            {
                _leases.Add(lease);
            }

            return lease;
        }
        catch
        {
            lock (_gate)
            {
                _count--;
            }

            throw;
        }
    }

    /// <summary>Ends those that are too old.</summary>
    internal void EndAged()
    {
        SnapshotLease[] aged;
        lock (_gate)
        {
            aged = [.. _leases.Where(lease => _time.GetElapsedTime(lease.OpenedAt) > _limits.AgeMax)];
        }

        foreach (var lease in aged)
        {
            lease.End();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _sweep?.Dispose();
        SnapshotLease[] held;
        lock (_gate)
        {
            held = [.. _leases];
        }

        foreach (var lease in held)
        {
            lease.End();
        }
    }

    private void Forget(SnapshotLease lease)
    {
        lock (_gate)
        {
            _leases.Remove(lease);
            _count--;
        }
    }
}
