using Kvs.Server.Cluster.Etcd;
using Kvs.Server.Cluster.Etcd.Leases;

namespace Kvs.Server.Cluster.ControlPlane;

/// <summary>
/// This node's lease in the control plane, and its address on it: granted, kept while the node is healthy, granted anew
/// when it is lost. Threading: one task.
/// </summary>
/// <param name="etcd">The way to etcd.</param>
/// <param name="keys">The cluster's keys.</param>
/// <param name="time">The clock.</param>
/// <param name="isHealthy">Whether the node can work: else it lets the lease go.</param>
internal sealed class NodeRegistration(EtcdClient etcd, ClusterKeys keys, TimeProvider time, Func<bool> isHealthy)
{
    private static readonly TimeSpan _timeToLive = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(500);

    /// <summary>Keeps a lease until it is stopped, and gives the last one back then.</summary>
    /// <param name="node">This node's id.</param>
    /// <param name="record">What it registers.</param>
    /// <param name="changed">Told of each lease, and of 0 when it is lost.</param>
    /// <param name="stop">Stops it.</param>
    internal async Task RunAsync(string node, byte[] record, Action<long> changed, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var grant = await etcd.GrantAsync(_timeToLive, stop);
            if (grant.Answer is not { } granted)
            {
                await Task.Delay(_pause, time, stop);
                continue;
            }

            await using var lease = etcd.Keep(granted, isHealthy);
            var put = await etcd.PutAsync(keys.Node(node), record, granted.Id, stop);
            if (put.State == EtcdWriteState.Done)
            {
                changed(granted.Id);
                await ((Task)lease.Ended.WaitAsync(stop)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                changed(0);
            }

            await GiveBackAsync(granted.Id);
        }
    }

    private async Task GiveBackAsync(long lease)
    {
        using var limit = new CancellationTokenSource(_pause, time);
        try
        {
            await etcd.RevokeAsync(lease, limit.Token);
        }
        catch (OperationCanceledException)
        {
            // It ends by itself.
        }
    }
}
