using System.Collections.Immutable;
using Kvs.Core.Primitives;
using Kvs.Core.Replication;
using Kvs.Core.Replication.ControlPlane;
using Kvs.Server.Cluster.Etcd;

namespace Kvs.Server.Cluster.ControlPlane;

/// <summary>
/// Carries out what a node wants of its control plane, and tells it what happens there. It decides nothing.
/// Threading: asked by the driver's loop; answers come on the thread pool. Ownership: of its client and tasks.
/// </summary>
internal sealed class ControlPlaneDriver : IAsyncDisposable
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(250);

    private readonly EtcdClient _etcd;
    private readonly GroupRecords _records;
    private readonly NodeRegistration _registration;
    private readonly TimeProvider _time;
    private readonly ClusterLog _log;
    private readonly CancellationTokenSource _stopping = new();
    private KnownMembers? _members; // published: Volatile
    private Task _running = Task.CompletedTask;
    private Action<NodeInput> _tell = static _ => { };

    /// <summary>Creates it; <see cref="Start"/> begins.</summary>
    /// <param name="options">Where etcd is.</param>
    /// <param name="name">The cluster's name.</param>
    /// <param name="log">What people read.</param>
    /// <param name="isHealthy">Whether this node can work.</param>
    internal ControlPlaneDriver(EtcdOptions options, string name, ClusterLog log, Func<bool> isHealthy)
    {
        var keys = new ClusterKeys(name);
        _etcd = new EtcdClient(options);
        _time = options.Time;
        _log = log;
        _records = new GroupRecords(_etcd, keys);
        _registration = new NodeRegistration(_etcd, keys, options.Time, isHealthy);
        Nodes = new NodeDirectory(_etcd, keys);
    }

    /// <summary>Where the nodes are.</summary>
    internal NodeDirectory Nodes { get; }

    /// <summary>The group's nodes, as far as they are known. Any thread.</summary>
    internal ImmutableArray<string> Members => Volatile.Read(ref _members) is { } known ? known.Names : [];

    /// <summary>Those of them that hold every acknowledged write, by the group's record. Any thread.</summary>
    internal ImmutableArray<string> InSync => Volatile.Read(ref _members) is { } known ? known.InSync : [];

    /// <summary>Begins to watch, and registers this node.</summary>
    /// <param name="node">Its id.</param>
    /// <param name="record">What it registers.</param>
    /// <param name="tell">Tells the node.</param>
    internal void Start(string node, byte[] record, Action<NodeInput> tell)
    {
        _tell = tell;
        var stop = _stopping.Token;
        _running = Task.WhenAll(
            AgainAsync(() => _records.WatchAsync(Seen, stop)),
            AgainAsync(() => Nodes.WatchAsync(stop)),
            AgainAsync(() => _registration.RunAsync(node, record, lease => tell(new NodeInput.NodeLease(lease)), stop)));
    }

    private void Seen(GroupView view)
    {
        if (view.State is { } state && Volatile.Read(ref _members)?.Revision != view.StateRevision)
        {
            Volatile.Write(ref _members, new KnownMembers(
                view.StateRevision,
                [.. state.Replicas.Select(static replica => replica.Node).Order(StringComparer.Ordinal)],
                [.. state.InSync.Select(static member => member.Node).Order(StringComparer.Ordinal)]));
        }

        _tell(new NodeInput.GroupSeen(view));
    }

    /// <summary>Reads the group's keys.</summary>
    /// <param name="call">Number of the call.</param>
    internal void Read(long call) => _ = AnswerAsync(
        async () => new NodeInput.GroupRead(call, await _records.ReadAsync(_stopping.Token)),
        new NodeInput.GroupRead(call, null));

    /// <summary>Tries a transaction, once.</summary>
    /// <param name="write">The node's order.</param>
    internal void Write(NodeOutput.WriteGroup write) => _ = AnswerAsync(
        async () =>
        {
            var (outcome, revision) = await _records.WriteAsync(write.Write, _stopping.Token);
            return new NodeInput.GroupWritten(write.Call, outcome, revision);
        },
        new NodeInput.GroupWritten(write.Call, CallOutcome.Unknown, 0));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _etcd.Dispose();
        _stopping.Dispose();
    }

    private sealed record KnownMembers(long Revision, ImmutableArray<string> Names, ImmutableArray<string> InSync);

    private async Task AnswerAsync(Func<Task<NodeInput>> call, NodeInput failed)
    {
        NodeInput answer;
        try
        {
            answer = await Task.Run(call);
        }
        catch (KvsException failure)
        {
            _log.ControlPlane(failure.Message);
            answer = failed;
        }
        catch (OperationCanceledException)
        {
            return;
        }

        _tell(answer);
    }

    private async Task AgainAsync(Func<Task> run)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await Task.Run(run);
            }
            catch (KvsException failure)
            {
                _log.ControlPlane(failure.Message);
            }
            catch (OperationCanceledException)
            {
                // It is stopping, or a wait has ended.
            }

            await Task.Delay(_pause, _time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
