using Kvs.Cluster.Tests.Processes.Network;
using Kvs.Core.Primitives;
using Kvs.TestKit;

namespace Kvs.Cluster.Tests.Processes.Load;

/// <summary>
/// The faults of a chaos run: each goes wrong, stays wrong while clients go on, and is mended. Where the primary stays
/// away, another node leads: by itself over etcd, else by an operator. Threading: one test.
/// </summary>
internal sealed class ChaosFaults
{
    private const int SomeWrites = 30;

    private readonly ProcessCluster _cluster;
    private readonly Acknowledgements _acknowledged;
    private readonly Random _random;
    private readonly Dictionary<string, Func<NodeProcess, NodeProcess, Task>> _faults;

    /// <summary>The faults of one cluster.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="acknowledged">The clients' writes.</param>
    /// <param name="random">The dice.</param>
    internal ChaosFaults(ProcessCluster cluster, Acknowledgements acknowledged, Random random)
    {
        _cluster = cluster;
        _acknowledged = acknowledged;
        _random = random;
        _faults = new Dictionary<string, Func<NodeProcess, NodeProcess, Task>>
        {
            ["primary killed, another one leads"] = (primary, _) => KillUntilAnotherLeadsAsync(primary),
            ["primary paused, another one leads"] = (primary, _) => PauseUntilAnotherLeadsAsync(primary),
            ["primary cut off, another one leads"] = (primary, _) => CutUntilAnotherLeadsAsync(primary, NamesOf(_cluster.Others(primary))),
            ["primary handed over"] = HandOverAsync,
            ["primary killed, and started again"] = static (primary, _) => KillAsync(primary),
            ["primary paused, and it goes on"] = (primary, _) => PauseAsync(primary),
            ["primary cut off one way"] = (primary, _) => CutOneWayAsync(primary),
            ["primary and all others killed, and started again"] = (_, _) => KillAllAsync(),
            ["replica killed"] = static (_, replica) => KillAsync(replica),
            ["replica paused"] = (_, replica) => PauseAsync(replica),
            ["replica cut off"] = (_, replica) => CutAsync(replica),
            ["replica cut off one way"] = (_, replica) => CutOneWayAsync(replica),
        };
        if (cluster.HasProxies)
        {
            _faults["links reset and cut in mid-frame"] = (_, _) => BreakLinksAsync();
        }

        if (cluster.Etcd is not null)
        {
            AddFaultsOfEtcd();
        }
    }

    /// <summary>All faults, by name; those of the primary begin with its name.</summary>
    internal IReadOnlyList<string> Names => [.. _faults.Keys];

    /// <summary>Does one.</summary>
    /// <param name="name">Its name.</param>
    internal async Task DoAsync(string name)
    {
        var primary = await _cluster.PrimaryAsync();
        var others = _cluster.Others(primary);
        await _faults[name](primary, others[_random.Next(others.Count)]);
        await _cluster.PrimaryAsync();
        await _acknowledged.MoreAsync(SomeWrites);
    }

    private void AddFaultsOfEtcd()
    {
        _faults["primary cut off from nodes and etcd, another one leads"] = (primary, _) =>
            CutUntilAnotherLeadsAsync(primary, [.. NamesOf(_cluster.Others(primary)), FaultNet.Etcd]);
        _faults["primary cut off from etcd, another one leads"] = (primary, _) =>
            CutUntilAnotherLeadsAsync(primary, [FaultNet.Etcd]);
        _faults["primary cut off from etcd one way"] = (primary, _) => CutFromEtcdOneWayAsync(primary);
        _faults["replica cut off from etcd"] = (_, replica) => CutFromEtcdAsync(replica);
        _faults["etcd paused"] = (_, _) => PauseEtcdAsync();
    }

    private static IEnumerable<string> NamesOf(IEnumerable<NodeProcess> nodes) => nodes.Select(static node => node.Name);

    private TimeSpan SomeSeconds() => TimeSpan.FromSeconds(3 + (3 * _random.NextDouble()));

    private async Task KillUntilAnotherLeadsAsync(NodeProcess primary)
    {
        await primary.KillAsync();
        await _cluster.SucceedAsync(primary);
        await _acknowledged.MoreAsync(SomeWrites);
        await primary.StartAsync();
    }

    private async Task PauseUntilAnotherLeadsAsync(NodeProcess primary)
    {
        await primary.PauseAsync();
        await _cluster.SucceedAsync(primary);
        await _acknowledged.MoreAsync(SomeWrites);
        await primary.ContinueAsync();
    }

    private async Task CutUntilAnotherLeadsAsync(NodeProcess primary, IEnumerable<string> from)
    {
        foreach (var other in from)
        {
            _cluster.Cut(primary.Name, other);
        }

        await _cluster.SucceedAsync(primary);
        await _acknowledged.MoreAsync(SomeWrites);
        _cluster.Roads.Mend();
    }

    private async Task HandOverAsync(NodeProcess primary, NodeProcess replica)
    {
        await _acknowledged.MoreAsync(SomeWrites);
        await Until.HoldsAsync(
            async () =>
            {
                try
                {
                    await ClusterCalls.TransferAsync(primary.Name, replica.Name);
                    return true;
                }
                catch (KvsException refusal) when (refusal.Message.Contains("does not follow in step", StringComparison.Ordinal)
                    || refusal.Message.Contains("did not take over in time", StringComparison.Ordinal))
                {
                    return false; // it has just come back from the fault before, or the machine is busy
                }
            },
            TimeSpan.FromSeconds(30));
    }

    private static async Task KillAsync(NodeProcess node)
    {
        await node.KillAsync();
        await node.StartAsync();
    }

    private async Task KillAllAsync()
    {
        await Task.WhenAll(_cluster.Nodes.Select(static node => node.KillAsync()));
        await Task.WhenAll(_cluster.Nodes.Select(static node => node.StartAsync()));
    }

    private async Task PauseAsync(NodeProcess node)
    {
        await node.PauseAsync();
        await Until.PassedAsync(SomeSeconds());
        await node.ContinueAsync();
    }

    private async Task PauseEtcdAsync()
    {
        await _cluster.Etcd!.SignalAsync("STOP");
        await Until.PassedAsync(SomeSeconds());
        await _cluster.Etcd.SignalAsync("CONT");
    }

    private async Task CutAsync(NodeProcess node)
    {
        _cluster.Isolate(node);
        await MendInAWhileAsync();
    }

    private async Task CutOneWayAsync(NodeProcess node)
    {
        var isOutgoing = _random.Next(2) == 0;
        foreach (var other in _cluster.Others(node))
        {
            _cluster.Roads.CutOneWay(isOutgoing ? node.Name : other.Name, isOutgoing ? other.Name : node.Name);
        }

        await MendInAWhileAsync();
    }

    private Task CutFromEtcdAsync(NodeProcess node)
    {
        _cluster.Cut(node.Name, FaultNet.Etcd);
        return MendInAWhileAsync();
    }

    // What it asks for is done, and it does not hear of that; or it is not heard.
    private Task CutFromEtcdOneWayAsync(NodeProcess node)
    {
        var isOutgoing = _random.Next(2) == 0;
        _cluster.Roads.CutOneWay(isOutgoing ? node.Name : FaultNet.Etcd, isOutgoing ? FaultNet.Etcd : node.Name);
        return MendInAWhileAsync();
    }

    private async Task MendInAWhileAsync()
    {
        await Until.PassedAsync(SomeSeconds());
        _cluster.Roads.Mend();
    }

    private async Task BreakLinksAsync()
    {
        for (var i = 0; i < 10; i++)
        {
            var one = _cluster.Nodes[_random.Next(_cluster.Nodes.Count)];
            var others = _cluster.Others(one);
            var other = others[_random.Next(others.Count)];
            if (_random.Next(2) == 0)
            {
                _cluster.Net.Reset(one.Name, other.Name);
            }
            else
            {
                _cluster.Net.Truncate(one.Name, other.Name, _random.Next(2000));
            }

            await _acknowledged.MoreAsync(_random.Next(SomeWrites));
        }

        _cluster.Net.Mend();
    }
}
