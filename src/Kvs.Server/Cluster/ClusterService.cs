using Kvs.Core.Diagnostics;
using Kvs.Core.Engines.Members;
using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Replication;
using Kvs.Core.Storage.Manifests;
using Kvs.Server.Access;
using Kvs.Server.Cluster.ControlPlane;
using Kvs.Server.Cluster.Driver;
using Kvs.Server.Cluster.Forwarding;
using Kvs.Server.Cluster.Links;
using Kvs.Server.Cluster.Reads;
using Kvs.Server.Cluster.Store;
using Kvs.Server.Configuration;
using Kvs.Server.Doors;
using Kvs.Server.Engines;
using Microsoft.Extensions.Logging;

namespace Kvs.Server.Cluster;

/// <summary>
/// This server as a node of a cluster: joins store, node, links, reads and forwarding, and owns their lives. Opened before
/// the door, started when the door listens, closed after it.
/// Threading: opened, started and closed by the host; the rest any thread.
/// </summary>
internal sealed class ClusterService : IAsyncDisposable
{
    private static readonly TimeSpan _handOverMax = TimeSpan.FromSeconds(3);

    private readonly ServerOptions _options;
    private readonly LinkSide _links;
    private readonly PrimaryConnection _primary;
    private readonly ControlPlaneDriver? _controlPlane;
    private readonly KvsEnvironment _machine;
    private bool _isStarted;

    private ClusterService(
        ServerOptions options,
        KvsEnvironment machine,
        ITransport transport,
        ClusterSecret? secret,
        ILoggerFactory loggers,
        Action<StoreEvent> events,
        Action failed)
    {
        _options = options;
        _machine = machine;
        Store = new MemberStore(stop => EngineOpener.OpenMemberAsync(options, machine, events, MemberOptionsOf(machine), stop));
        var log = new ClusterLog(loggers.CreateLogger("kvs.cluster"));
        var cluster = options.Cluster;
        _controlPlane = cluster.HasControlPlane
            ? new ControlPlaneDriver(ControlPlaneOptions.Of(cluster, machine), cluster.Name, log, () => Store.IsHealthy)
            : null;
        Func<string, string?> addressOf = _controlPlane is { } plane ? plane.Nodes.AddressOf : static node => node;
        _links = new LinkSide(transport, machine.Time, loggers.CreateLogger("kvs.links"), addressOf, secret);
        Driver = new NodeDriver(
            machine, EngineOpener.PathOf(options), Store, _links, log, failed, _controlPlane, addressOf, cluster.CopyBytesPerSecond);
        _links.Drive(Driver);
        _primary = new PrimaryConnection(transport, machine, () => Driver.Status, secret);
        Driver.PrimaryChanged = _primary.PrimaryChanged;
        var applied = new AppliedPositions(Store);
        Driver.Applied = applied.Advanced;
        var reads = new ClusterReads(Store, Driver, applied, new ReadIndex(_primary, machine.Time), machine.Time, cluster.HasControlPlane);
        Desk = new ClusterDesk(Store, Driver, reads, _primary, options, addressOf);
        Store.ForwardBy(new WorkForwarder(
            _primary, () => Driver.Status, () => Store.Member is { IsLeading: true }, () => Driver.Lease.Holds, machine.Time));
    }

    /// <summary>The store.</summary>
    internal MemberStore Store { get; }

    /// <summary>What doors ask.</summary>
    internal ClusterDesk Desk { get; }

    /// <summary>Takes connections of other nodes over.</summary>
    internal ClusterLinks Links => _links.Links;

    private NodeDriver Driver { get; }

    /// <summary>Opens the store.</summary>
    /// <param name="options">The options.</param>
    /// <param name="machine">Files, clock, threads, randomness.</param>
    /// <param name="transport">The network.</param>
    /// <param name="secret">What nodes of the cluster know; null for none.</param>
    /// <param name="loggers">The log.</param>
    /// <param name="events">Hears the store.</param>
    /// <param name="failed">Called when the process must end.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="KvsException">The options cannot work, or the directory cannot be opened.</exception>
    internal static async Task<ClusterService> OpenAsync(
        ServerOptions options,
        KvsEnvironment machine,
        ITransport transport,
        ClusterSecret? secret,
        ILoggerFactory loggers,
        Action<StoreEvent> events,
        Action failed,
        CancellationToken stop)
    {
        var service = new ClusterService(options, machine, transport, secret, loggers, events, failed);
        await service.Store.OpenAsync(stop);
        return service;
    }

    /// <summary>Begins to take part. The door listens: others may dial.</summary>
    internal void Start()
    {
        _isStarted = true;
        var settings = _options.Cluster.ToNodeSettings(_options.Address);
        Driver.Start(settings);
        _controlPlane?.Start(
            settings.NodeId,
            GroupCodec.WriteNode(_options.Cluster.AddressFor(_options.Address).ToString(), ServerVersion.Text),
            Driver.Tell);
    }

    /// <summary>
    /// Before the server stops: where this node leads and another one could, that one takes over first, so that clients see
    /// a moment's wait and no failure.
    /// </summary>
    internal async Task HandOverAsync()
    {
        if (_isStarted && Driver.Status.Leads)
        {
            using var patience = new CancellationTokenSource(_handOverMax);
            try
            {
                await Desk.HandOverAsync("", patience.Token);
            }
            catch (Exception failure) when (failure is KvsException or OperationCanceledException)
            {
                // It stops all the same: the others see it go.
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_isStarted)
        {
            await Driver.DisposeAsync();
        }

        if (_controlPlane is not null)
        {
            await _controlPlane.DisposeAsync();
        }

        await _links.DisposeAsync();
        await _primary.DisposeAsync();
        await Store.DisposeAsync();
    }

    // A directory that belongs to a cluster says as whom; a new one is told by its first seal.
    private MemberOptions MemberOptionsOf(KvsEnvironment machine)
    {
        var path = EngineOpener.PathOf(_options);
        var membership = ManifestStore.Exists(machine.Files, path)
            ? ManifestStore.Open(machine.Files, path).Current.Membership
            : null;
        return new MemberOptions
        {
            Membership = membership ?? new ClusterMembership { ClusterId = 0, NodeId = "" },
            Events = Driver.NewListener(),
            Acknowledgement = _options.Cluster.AckMode == AckMode.Local ? Acknowledgement.Local : Acknowledgement.Committed,
            HoldsLease = () => Driver.Lease.Holds,
        };
    }
}
