namespace Kvs.Core.Replication.Following;

/// <summary>
/// What a follower promises by acknowledging a beacon: until it has run out, this node neither campaigns nor helps
/// another to lead. The primary's read lease is shorter and begins earlier, so it ends first. Threading: the node's.
/// </summary>
/// <remarks>
/// Judged by the monotonic clock alone: if that stands still, the promise only lasts longer. A restart forgets to whom
/// the promise was given and when, so a restarted node regards itself as bound to somebody for one full length.
/// </remarks>
/// <param name="context">The node.</param>
internal sealed class BeaconPromise(NodeContext context)
{
    private TimeSpan? _until;
    private TimeSpan? _heardAt;

    /// <summary>To whom it was given; empty for somebody unknown, before the restart.</summary>
    internal string Holder { get; private set; } = "";

    /// <summary>Whether it still holds.</summary>
    internal bool Holds => _until is { } until && context.Now.Monotonic < until;

    /// <summary>Milliseconds since the last beacon.</summary>
    internal uint SinceBeaconMillis => _heardAt is { } heard
        ? (uint)Math.Min(uint.MaxValue, (context.Now.Monotonic - heard).TotalMilliseconds)
        : uint.MaxValue;

    /// <summary>Whether this node is free to help a candidate.</summary>
    /// <param name="candidate">The candidate; the holder itself may always be helped.</param>
    internal bool Frees(string candidate) => !Holds || (Holder.Length > 0 && Holder == candidate);

    /// <summary>A restarted node is bound to somebody for one length.</summary>
    internal void BindAfterRestart()
    {
        Holder = "";
        _until = context.Now.Monotonic + context.Settings.Timings.Promise;
    }

    /// <summary>A beacon is acknowledged.</summary>
    /// <param name="holder">Whose.</param>
    internal void Give(string holder)
    {
        Holder = holder;
        _heardAt = context.Now.Monotonic;
        _until = context.Now.Monotonic + context.Settings.Timings.Promise;
    }

    /// <summary>The holder has given up its lease and says so.</summary>
    /// <param name="holder">Who.</param>
    internal void EndFor(string holder)
    {
        if (Holder == holder)
        {
            _until = null;
        }
    }
}
