using Kvs.Core.Primitives;

namespace Kvs.Server.Doors;

/// <summary>
/// The snapshots of one connection: nobody else can name them, and they end with it.
/// Threading: one thread at a time. Ownership: of its leases.
/// </summary>
/// <param name="table">The table of the server.</param>
internal sealed class SessionSnapshots(SnapshotTable table)
{
    private readonly Dictionary<ulong, SnapshotLease> _leases = [];

    /// <summary>The error for a snapshot that is not there any more.</summary>
    /// <param name="id">Its id.</param>
    internal static KvsException Expired(ulong id) => new KvsUnavailableException(
        ErrorCode.SnapshotExpired,
        $"Snapshot {id} is closed, was ended because of its age (snapshot-age-max), or belongs to another connection. "
        + "Open a new one.");

    /// <summary>Takes a snapshot.</summary>
    /// <returns>The lease. Ownership: this object's.</returns>
    /// <exception cref="KvsException">Overloaded: the connection or the server holds as many as allowed.</exception>
    internal SnapshotLease Open()
    {
        DropEnded();
        if (_leases.Count >= table.SessionMax)
        {
            throw new KvsUnavailableException(
                ErrorCode.Overloaded,
                $"The connection holds {_leases.Count} snapshots, as many as it may (session-snapshots-max).");
        }

        var lease = table.Open();
        _leases.Add(lease.Id, lease);
        return lease;
    }

    /// <summary>Finds a snapshot.</summary>
    /// <param name="id">Its id.</param>
    /// <returns>The lease, which may have ended by its age.</returns>
    /// <exception cref="KvsException">It is closed, or was never opened here.</exception>
    internal SnapshotLease Find(ulong id) => _leases.GetValueOrDefault(id) ?? throw Expired(id);

    /// <summary>Closes a snapshot.</summary>
    /// <param name="id">Its id.</param>
    /// <exception cref="KvsException">It is closed, or was never opened here.</exception>
    internal void Close(ulong id)
    {
        if (!_leases.Remove(id, out var lease))
        {
            throw Expired(id);
        }

        lease.End();
    }

    /// <summary>Ends all of them, with the connection.</summary>
    internal void EndAll()
    {
        foreach (var lease in _leases.Values)
        {
            lease.End();
        }

        _leases.Clear();
    }

    /// <summary>Forgets those that the table has ended because of their age.</summary>
    private void DropEnded()
    {
        foreach (var lease in _leases.Values.Where(lease => lease.IsEnded).ToList())
        {
            _leases.Remove(lease.Id);
        }
    }
}
