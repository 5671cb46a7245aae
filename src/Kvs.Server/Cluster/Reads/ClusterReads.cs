using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Replication;
using Kvs.Server.Cluster.Driver;
using Kvs.Server.Cluster.Store;
using NodeRole = Kvs.Core.Replication.NodeRole;

namespace Kvs.Server.Cluster.Reads;

/// <summary>
/// When the newest state of this node may be read, for a reader who asks for a consistency (replication.md, section 7,
/// with the read index of decision 0011): a linearizable read needs the lease at the primary, and anywhere else the
/// primary's word how far it is committed, and this node to have come so far.
/// Threading: any thread.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="driver">The node.</param>
/// <param name="applied">Waits for positions.</param>
/// <param name="index">Asks the primary.</param>
/// <param name="time">The clock.</param>
/// <param name="canConfirm">Whether there is a control plane to ask.</param>
internal sealed class ClusterReads(
    MemberStore store, NodeDriver driver, AppliedPositions applied, ReadIndex index, TimeProvider time, bool canConfirm)
{
    private static readonly TimeSpan _budget = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _answering = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Whether it may be read at once.</summary>
    /// <param name="consistency">What the read may miss.</param>
    /// <param name="atLeast">The position that it must not miss; none for none.</param>
    internal bool IsFresh(Consistency consistency, KvsVersion atLeast) =>
        atLeast == KvsVersion.None && !IsDiverged && (consistency == Consistency.Stale || driver.Lease.Holds);

    /// <summary>Waits until it may be read.</summary>
    /// <param name="consistency">What the read may miss.</param>
    /// <param name="atLeast">The position that it must not miss; none for none.</param>
    /// <param name="deadline">Timestamp at which it is too late; <see cref="long.MaxValue"/> for this node's patience.</param>
    /// <exception cref="KvsException">It may not be read in time.</exception>
    internal async Task FreshenAsync(Consistency consistency, KvsVersion atLeast, long deadline)
    {
        if (IsDiverged)
        {
            throw new KvsUnavailableException(
                ErrorCode.NoLease, "The data of this node is not the group's: it serves nothing. Ask another node.");
        }

        using var patience = new CancellationTokenSource(TimeTo(deadline), time);
        if (atLeast != KvsVersion.None)
        {
            await ReachAsync(atLeast, patience.Token);
        }

        if (consistency == Consistency.Linearizable)
        {
            await ConfirmAsync(patience.Token);
        }
    }

    /// <summary>The newest committed position; see <see cref="Doors.IClusterDesk.PositionAsync"/>.</summary>
    /// <param name="consistency">By the primary's word, or this node's.</param>
    /// <param name="deadline">When it is too late.</param>
    internal async ValueTask<KvsVersion> PositionAsync(Consistency consistency, long deadline)
    {
        if (consistency == Consistency.Linearizable && !driver.Lease.Holds)
        {
            using var patience = new CancellationTokenSource(TimeTo(deadline), time);
            await ConfirmAsync(patience.Token);
        }

        // Confirmed first, then read: what this node shows now has all that was committed when it was confirmed.
        return Shown();
    }

    /// <summary>As <see cref="PositionAsync"/> for another node, which asks the primary and nobody else.</summary>
    /// <param name="deadline">When it is too late.</param>
    internal async ValueTask<KvsVersion> PositionHereAsync(long deadline)
    {
        using var patience = new CancellationTokenSource(TimeTo(deadline), time);
        return await HoldsLeaseAsync(patience.Token)
            ? Shown()
            : throw new KvsNotPrimaryException("This node is not the primary.", driver.Status.PrimaryAddress);
    }

    private bool IsDiverged => driver.Status.Role == NodeRole.Diverged;

    private KvsVersion Shown()
    {
        using var snapshot = store.Snapshot();
        return snapshot.Version;
    }

    private TimeSpan TimeTo(long deadline)
    {
        if (deadline == long.MaxValue)
        {
            return _budget;
        }

        // A little less than the reader has: it shall hear why, instead of nothing.
        var left = TimeSpan.FromSeconds((deadline - time.GetTimestamp()) / (double)time.TimestampFrequency);
        left -= left / 10 < _answering ? left / 10 : _answering;
        return left < TimeSpan.Zero ? TimeSpan.Zero : left;
    }

    private async Task ReachAsync(KvsVersion position, CancellationToken patience)
    {
        try
        {
            await applied.ReachAsync(position.Sequence, patience);
        }
        catch (OperationCanceledException)
        {
            throw new KvsUnavailableException(
                ErrorCode.TooStale, $"This node shows {store.Version}; position {position} did not come in time.");
        }

        if (!store.Includes(position))
        {
            throw new KvsException(
                ErrorCode.TokenLost,
                $"The position {position} is of a history that a failover has dropped: its write was answered before it was committed.",
                WriteOutcome.NotApplied);
        }
    }

    private async Task ConfirmAsync(CancellationToken patience)
    {
        while (true)
        {
            if (driver.Status.Leads)
            {
                if (await HoldsLeaseAsync(patience))
                {
                    return;
                }

                continue; // another node leads now: it is asked
            }

            try
            {
                var committed = await index.AskAsync().WaitAsync(patience);
                await applied.ReachAsync(committed, patience);
                return;
            }
            catch (OperationCanceledException)
            {
                throw NoLease();
            }
            catch (KvsException failure) when (failure.Code is ErrorCode.NoLease)
            {
                if (patience.IsCancellationRequested)
                {
                    throw;
                }
            }

            await Task.Delay(_pause, time, patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // False when this node has stopped to lead while it waited.
    private async Task<bool> HoldsLeaseAsync(CancellationToken patience)
    {
        while (!driver.Lease.Holds)
        {
            if (!driver.Status.Leads)
            {
                return false;
            }

            if (patience.IsCancellationRequested)
            {
                throw NoLease();
            }

            if (canConfirm && await IsConfirmedAsync(patience))
            {
                return true;
            }

            await Task.Delay(_pause, time, patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return true;
    }

    // The promises have run out, for a cut or a pause; the control plane can still tell whether the epoch is this node's.
    private async Task<bool> IsConfirmedAsync(CancellationToken patience)
    {
        try
        {
            return await driver.Confirmations.AskAsync(static ticket => new NodeInput.ConfirmReads(ticket), patience)
                && store.Member is { } log && log.Applied >= driver.EpochStart;
        }
        catch (OperationCanceledException)
        {
            throw NoLease();
        }
    }

    private static KvsUnavailableException NoLease() => new(
        ErrorCode.NoLease,
        "It cannot be proved now that nothing newer was committed elsewhere. Retry, or read with --consistency stale.");
}
