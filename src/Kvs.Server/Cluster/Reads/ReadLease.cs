using Kvs.Core.Replication;
using Kvs.Server.Cluster.Driver;

namespace Kvs.Server.Cluster.Reads;

/// <summary>
/// Whether this node, the primary, may answer linearizable reads by itself: as long as the lease holds that its
/// followers' promises earn. Whoever asks here first and then reads the newest published state reads all that was
/// answered before it asked: at the moment of asking nobody else can have committed anything, and what this node has
/// answered is published.
/// Threading: set by the driver's loop, asked by any thread, without a lock.
/// </summary>
/// <param name="clocks">The clocks.</param>
/// <param name="holds">The rule: whether a lease that began at the first reading still holds at the second.</param>
internal sealed class ReadLease(MachineClocks clocks, Func<ClockReading, ClockReading, bool> holds)
{
    private Grant? _grant; // published: Volatile

    /// <summary>Whether it holds now.</summary>
    internal bool Holds => Volatile.Read(ref _grant) is { } grant && holds(grant.From, clocks.Read());

    /// <summary>Sets it anew.</summary>
    /// <param name="from">When the oldest beacon that it rests on was sent; null for none.</param>
    internal void Set(ClockReading? from) => Volatile.Write(ref _grant, from is { } begin ? new Grant(begin) : null);

    private sealed record Grant(ClockReading From);
}
