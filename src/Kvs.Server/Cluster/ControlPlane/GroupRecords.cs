using Kvs.Core.Primitives;
using Kvs.Core.Replication.ControlPlane;
using Kvs.Server.Cluster.ControlPlane.Wire;
using Kvs.Server.Cluster.Etcd;
using Kvs.Server.Cluster.Etcd.Keys;

namespace Kvs.Server.Cluster.ControlPlane;

/// <summary>
/// The group's two keys in etcd: reads them at one revision, changes them by one transaction, tells of each change.
/// Threading: reads and writes from any thread; one watch at a time.
/// </summary>
/// <param name="etcd">The way to etcd.</param>
/// <param name="keys">The cluster's keys.</param>
internal sealed class GroupRecords(EtcdClient etcd, ClusterKeys keys)
{
    private (long Revision, GroupRecord Message)? _newest; // guarded by _gate
    private readonly Lock _gate = new();

    /// <summary>Reads both keys, linearizably.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null when no answer came.</returns>
    internal async Task<GroupView?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return ViewOf(await etcd.RangeAsync(EtcdKeys.Prefix(keys.Group), isSerializable: false, cancellationToken));
        }
        catch (KvsException failure) when (failure.Code != ErrorCode.Corruption)
        {
            return null;
        }
    }

    /// <summary>Tries a change, once.</summary>
    /// <param name="write">The change.</param>
    /// <param name="cancellationToken">Ends the wait, not the write.</param>
    /// <returns>What is known, and the revision that it made.</returns>
    internal async Task<(CallOutcome Outcome, long Revision)> WriteAsync(GroupWrite write, CancellationToken cancellationToken)
    {
        var txn = new EtcdTxn().IfModRevision(keys.State, write.StateRevision);
        if (write.LeaderRevision is { } leaderRevision)
        {
            txn.IfModRevision(keys.Leader, leaderRevision);
        }

        if (write.State is { } state)
        {
            txn.Put(keys.State, GroupCodec.WriteState(state, MessageAt(write.StateRevision)));
        }

        if (write.EndsLeader)
        {
            txn.Delete(EtcdKeys.One(keys.Leader));
        }
        else if (write.Leader is { } leader)
        {
            txn.Put(keys.Leader, GroupCodec.WriteLeader(leader), leader.Lease);
        }

        var written = await etcd.TxnAsync(txn, cancellationToken);
        return written.State switch
        {
            EtcdWriteState.Done => (CallOutcome.Done, written.Answer!.Revision),
            EtcdWriteState.Refused => (CallOutcome.Refused, 0),
            _ => (CallOutcome.Unknown, 0),
        };
    }

    /// <summary>Tells of each change until it is stopped.</summary>
    /// <param name="seen">Told of it, in order.</param>
    /// <param name="stop">Stops it.</param>
    internal async Task WatchAsync(Action<GroupView> seen, CancellationToken stop)
    {
        var range = await etcd.RangeAsync(EtcdKeys.Prefix(keys.Group), isSerializable: false, stop);
        var view = ViewOf(range);
        seen(view);
        await using var watch = etcd.Watch(EtcdKeys.Prefix(keys.Group), range.Revision + 1);
        while (true)
        {
            var step = await watch.NextAsync(stop);
            if (step.IsCompacted)
            {
                return; // changes may be missing: the caller begins anew
            }

            // All changes of one revision are one view: the node counts on both keys being of it.
            foreach (var change in step.Events.GroupBy(static one => one.KeyValue.ModRevision))
            {
                foreach (var one in change)
                {
                    view = With(view, one.IsDelete, one.KeyValue);
                }

                view = view with { AsOf = change.Key };
                seen(view);
            }
        }
    }

    private GroupView ViewOf(EtcdRange range)
    {
        var view = new GroupView(range.Revision, 0, null, 0, null);
        foreach (var value in range.KeyValues)
        {
            view = With(view, isDelete: false, value);
        }

        return view;
    }

    private GroupView With(GroupView view, bool isDelete, EtcdKeyValue value)
    {
        if (value.Key == keys.State)
        {
            return isDelete
                ? view with { State = null, StateRevision = 0 }
                : view with { State = Remember(value), StateRevision = value.ModRevision };
        }

        if (value.Key == keys.Leader)
        {
            return isDelete
                ? view with { Leader = null, LeaderRevision = 0 }
                : view with { Leader = GroupCodec.ReadLeader(value), LeaderRevision = value.ModRevision };
        }

        return view;
    }

    private GroupState Remember(EtcdKeyValue value)
    {
        var state = GroupCodec.ReadState(value, out var message);
        lock (_gate)
        {
            if (_newest is not { } known || known.Revision < value.ModRevision)
            {
                _newest = (value.ModRevision, message);
            }
        }

        return state;
    }

    private GroupRecord? MessageAt(long revision)
    {
        lock (_gate)
        {
            return _newest is { } known && known.Revision == revision ? known.Message : null;
        }
    }
}
