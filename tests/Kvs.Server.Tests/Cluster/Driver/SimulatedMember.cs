using Kvs.Core.Engines;
using Kvs.Core.Engines.Members;
using Kvs.Core.Operations;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Records;
using Kvs.Server.Cluster.Store;
using Kvs.TestKit;

namespace Kvs.Server.Tests.Cluster.Driver;

/// <summary>The store of a member on a simulated machine. Nothing runs but in the members that say so.</summary>
internal sealed class SimulatedMember : IDisposable, IWorkItemOwner
{
    private const string Path = "/data";

    internal SimulatedMember()
    {
        Store = new MemberStore(stop => LogEngine.OpenAsync(
            Path,
            new LogEngineOptions { Member = new MemberOptions { Membership = Membership(), Events = Events.Add } },
            Machine.Environment,
            stop));
        Machine.Loops.RunUntilCompleted(Store.OpenAsync(CancellationToken.None));
    }

    internal SimulatedEnvironment Machine { get; } = new(seed: 1);

    internal MemberStore Store { get; }

    /// <summary>What the engine has told.</summary>
    internal List<MemberEvent> Events { get; } = [];

    internal IMemberLog Log => Store.Member!;

    internal void Run() => Machine.Loops.RunUntilIdle();

    /// <summary>Begins an epoch: one frame.</summary>
    internal void Lead(ulong epoch)
    {
        Log.Lead(epoch, EpochReason.Elected);
        Run();
    }

    /// <summary>Writes a key: one frame.</summary>
    internal void Set(string key)
    {
        var item = new WorkItem(this);
        var request = new WriteRequest();
        request.Operations.Add(new Operation { Kind = OperationKind.Set, Key = System.Text.Encoding.UTF8.GetBytes(key) });
        item.Requests.Add(request);
        Store.Submit(item);
        Run();
    }

    /// <summary>The engine is replaced by another one over the same files.</summary>
    internal void Replace(Action meanwhile)
    {
        var replacing = Store.ReplaceAsync(static () => { }, CancellationToken.None);
        meanwhile();
        Machine.Loops.RunUntilCompleted(replacing);
    }

    public void Completed(WorkItem item)
    {
    }

    public void Dispose() => Machine.Loops.RunUntilCompleted(Store.DisposeAsync().AsTask());

    // As the server does: a directory that belongs to a cluster says as whom.
    private ClusterMembership Membership() => ManifestStore.Exists(Machine.Device, Path)
        ? ManifestStore.Open(Machine.Device, Path).Current.Membership!
        : new ClusterMembership { ClusterId = 0, NodeId = "" };
}
