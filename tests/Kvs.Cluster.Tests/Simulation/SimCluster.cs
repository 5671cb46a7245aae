using System.Buffers.Binary;
using System.Collections.Immutable;
using Kvs.Cluster.Tests.Simulation.ControlPlane;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Replication;

namespace Kvs.Cluster.Tests.Simulation;

/// <summary>A whole cluster in one thread: machines, network, clients, an operator, and the ghost that watches.</summary>
internal sealed class SimCluster
{
    private readonly List<SimEntry[]> _frames = [];
    private readonly List<SimEntry[]> _copies = [];
    private readonly Dictionary<string, SimNode> _byName = [];
    private readonly ImmutableArray<string> _members;

    /// <summary>A cluster whose machines are off.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="options">What the run is like.</param>
    internal SimCluster(int seed, SimOptions options)
    {
        World = new World(seed);
        Histories = new Histories(Ghost);
        Options = options;
        Network = new SimNetwork(World, name => _byName[name]);
        var count = options.Nodes ?? (World.Random.Next(4) == 0 ? 5 : 3);
        _members = [.. Enumerable.Range(1, count).Select(number => $"n{number}")];
        foreach (var name in _members)
        {
            _byName[name] = new SimNode(this, name);
        }

        MinInSync = options.MinInSync ?? (options.HasControlPlane && World.Random.Next(4) == 0 ? 1 : 2);
        PauseMicrosMax = options.PauseMicrosMax ?? World.Pick([30_000, 30_000, 300_000, 1_000_000]);
        Nodes = [.. _members.Select(name => _byName[name])];
        ControlPlane = new SimControlPlane(this);
        Operator = new SimOperator(this);
        Clients = [.. Enumerable.Range(1, options.Clients).Select(number => new SimClient(this, number))];
        Faults = new SimFaults(this, options.Faults ?? (options.HasControlPlane ? FaultPlan.DrawElected(World.Random) : FaultPlan.Draw(World.Random)));
    }

    /// <summary>Time and randomness.</summary>
    internal World World { get; }

    /// <summary>What the run is like.</summary>
    internal SimOptions Options { get; }

    /// <summary>The network.</summary>
    internal SimNetwork Network { get; }

    /// <summary>The control plane; nobody asks it in a static cluster.</summary>
    internal SimControlPlane ControlPlane { get; }

    /// <summary>The machines.</summary>
    internal ImmutableArray<SimNode> Nodes { get; }

    /// <summary>The clients.</summary>
    internal ImmutableArray<SimClient> Clients { get; }

    /// <summary>The operator.</summary>
    internal SimOperator Operator { get; }

    /// <summary>The faults.</summary>
    internal SimFaults Faults { get; }

    /// <summary>The watcher.</summary>
    internal Ghost Ghost { get; } = new();

    /// <summary>What clients were told.</summary>
    internal Histories Histories { get; }

    /// <summary>Least size of the in-sync set.</summary>
    internal int MinInSync { get; }

    /// <summary>Digests that were made.</summary>
    internal int Digests { get; set; }

    /// <summary>Longest pause between two requests of a client.</summary>
    internal int PauseMicrosMax { get; }

    /// <summary>Steps of nodes so far, ticks not counted.</summary>
    internal int Steps { get; set; }

    /// <summary>
    /// Whether so many nodes may have lost what they acknowledged that nobody can prove to have everything: nobody leads, and
    /// nobody may, until a person says who.
    /// </summary>
    internal bool IsUndecidable => Options.AnswersBeforeSync
        && Nodes.Any(node => node.Disk.Record.HasList)
        && !Nodes.Any(node => node.Disk.Record.IsFounding && (!node.IsUp || node.Node.Role == NodeRole.Candidate))
        && Nodes.Count(node => node.HasEverything) <= Nodes.Length / 2
        && !Nodes.Any(node => node.IsUp && node.Node.Role is NodeRole.Primary or NodeRole.Recovering);

    /// <summary>The settings of a node.</summary>
    /// <param name="name">Its name.</param>
    internal NodeSettings SettingsOf(string name) =>
        Options.HasControlPlane ? Options.Settings(new NodeSettings { NodeId = name, Acks = AckMode.InSync, MinInSync = MinInSync })
        : Options.Settings(name == _members[0] ? new NodeSettings { NodeId = name, Members = _members } : new NodeSettings());

    /// <summary>A node sends.</summary>
    /// <param name="from">The node.</param>
    /// <param name="connection">On which connection.</param>
    /// <param name="message">What.</param>
    internal void Sent(SimNode from, long connection, ClusterMessage message)
    {
        if (Network.Find(connection) is { } open)
        {
            open.Send(from, message);
            Faults.Sent(from, open.OtherThan(from), message);
        }
    }

    /// <summary>A request is on its way to a node.</summary>
    /// <param name="name">The node.</param>
    /// <param name="request">The request.</param>
    internal void Deliver(string name, SimRequest request)
    {
        var target = _byName[name];
        World.Soon(50, Network.DelayMicrosMax, () =>
        {
            if (target.IsUp)
            {
                target.Run(target.Life, () => target.Engine.Service.Handle(request));
            }
            else if (!request.IsForwarded)
            {
                // The machine is there, and says that nobody listens.
                request.Reply(new SimAnswer(SimOutcome.NotPrimary));
            }
        });
    }

    /// <summary>Bytes that stand for batches.</summary>
    /// <param name="entries">The batches.</param>
    internal ReadOnlyMemory<byte> FramesFor(SimEntry[] entries)
    {
        _frames.Add(entries);
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, _frames.Count - 1);
        return bytes;
    }

    /// <summary>The batches that bytes stand for.</summary>
    /// <param name="frames">The bytes.</param>
    internal SimEntry[] FramesOf(ReadOnlyMemory<byte> frames) => _frames[BinaryPrimitives.ReadInt32LittleEndian(frames.Span)];

    /// <summary>Keeps a base copy.</summary>
    /// <param name="entries">Its batches.</param>
    /// <returns>Its id.</returns>
    internal UInt128 KeepCopy(SimEntry[] entries)
    {
        _copies.Add(entries);
        return (UInt128)(_copies.Count - 1);
    }

    /// <summary>A base copy.</summary>
    /// <param name="id">Its id.</param>
    internal SimEntry[] CopyOf(UInt128 id) => _copies[(int)id];
}
