using Kvs.Cluster.Tests.Simulation.ControlPlane;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Replication;

namespace Kvs.Cluster.Tests.Simulation;

/// <summary>
/// One simulated machine: its clocks and its disk, and while it is up the process on it, which is a real
/// <see cref="Node"/> with a simulated driver and a simulated engine around it.
/// </summary>
internal sealed class SimNode
{
    private readonly SimCluster _cluster;
    private readonly List<Action> _backlog = [];
    private readonly List<NodeOutput> _outputs = [];
    private Node? _node;
    private SimControlClient? _control;
    private int _standstill;

    /// <summary>A machine that is off.</summary>
    /// <param name="cluster">Its cluster.</param>
    /// <param name="name">Its name.</param>
    internal SimNode(SimCluster cluster, string name)
    {
        _cluster = cluster;
        Name = name;
        Clock = new SimClock(cluster.World);
        Disk = new SimDisk(cluster.World.Random) { AnswersBeforeSync = cluster.Options.AnswersBeforeSync };
    }

    /// <summary>Its name: its address.</summary>
    internal string Name { get; }

    /// <summary>Its clocks.</summary>
    internal SimClock Clock { get; }

    /// <summary>Its disk.</summary>
    internal SimDisk Disk { get; }

    /// <summary>Counts its starts and stops: what was meant for another life reaches nobody.</summary>
    internal int Life { get; private set; }

    /// <summary>Whether its disk belongs to the list and holds all that it has acknowledged.</summary>
    internal bool HasEverything => Disk.Record.HasList && !Disk.MayHaveLost;

    /// <summary>Whether its process runs.</summary>
    internal bool IsUp => _node is not null;

    /// <summary>Whether its process is stopped for a while.</summary>
    internal bool IsPaused { get; private set; }

    /// <summary>The node.</summary>
    internal Node Node => _node!;

    /// <summary>The engine.</summary>
    internal SimEngine Engine { get; private set; } = null!;

    /// <summary>Microseconds that its syncs take at most.</summary>
    internal int SyncMicrosMax { get; set; } = 1000;

    /// <summary>Starts the process.</summary>
    internal void Start()
    {
        Life++;
        var world = _cluster.World;
        var start = _cluster.Options.Opened(Disk.Open());
        Engine = new SimEngine(_cluster, this, start.Commit);
        var settings = _cluster.SettingsOf(Name);
        var random = new Random(world.Random.Next());
        _node = _cluster.Options.HasControlPlane
            ? Node.OpenElected(settings, start, _cluster.Options.Rules, random, Clock.Read())
            : Node.OpenStatic(settings, start, _cluster.Options.Rules, random, Clock.Read());
        world.Note(Name, $"starts, log to {Describe.Any(start.Last)}, commit {start.Commit}");
        _control = _cluster.Options.HasControlPlane ? new SimControlClient(_cluster, this) : null;
        Tick(Life);
        _control?.Begin();
    }

    /// <summary>The process dies, and the machine with it: what is not synced may be lost.</summary>
    internal void Crash()
    {
        Life++;
        _node = null;
        IsPaused = false;
        _backlog.Clear();
        _cluster.Network.BreakAll(this);
        var last = Disk.Last;
        Disk.Crash(_cluster.World.Random);
        if (Disk.Last != last)
        {
            _cluster.World.Faults.Add(Fault.UnsyncedLost);
        }

        _cluster.World.Note(Name, $"crashes, log to {Describe.Any(Disk.Last)}");
    }

    /// <summary>The process ends in an orderly way: the node says goodbye, and what is in the log is synced.</summary>
    internal void Stop()
    {
        Step(new NodeInput.Stop());
        Life++;
        _node = null;
        Disk.Sync(Disk.Last.Sequence);
        _cluster.World.Note(Name, $"stops, log to {Describe.Any(Disk.Last)}");
    }

    /// <summary>The process stands still.</summary>
    /// <returns>Names this standstill.</returns>
    internal int Pause()
    {
        IsPaused = true;
        return ++_standstill;
    }

    /// <summary>Whether it still stands, since that same pause.</summary>
    /// <param name="standstill">Which one.</param>
    internal bool StandsSince(int standstill) => IsPaused && _standstill == standstill;

    /// <summary>The process goes on with what has come meanwhile.</summary>
    internal void Resume()
    {
        IsPaused = false;
        var backlog = _backlog.ToArray();
        _backlog.Clear();
        foreach (var action in backlog)
        {
            action();
        }
    }

    /// <summary>Something happens in the process, if it still lives.</summary>
    /// <param name="life">Whose.</param>
    /// <param name="action">What.</param>
    internal void Run(int life, Action action)
    {
        if (life != Life || !IsUp)
        {
            return;
        }

        if (IsPaused)
        {
            _backlog.Add(() => Run(life, action));
        }
        else
        {
            action();
        }
    }

    /// <summary>Lets something happen in this life of the process later.</summary>
    /// <param name="minMicros">Earliest.</param>
    /// <param name="maxMicros">Latest.</param>
    /// <param name="action">What.</param>
    internal void Soon(int minMicros, int maxMicros, Action action)
    {
        var life = Life;
        _cluster.World.Soon(minMicros, maxMicros, () => Run(life, action));
    }

    /// <summary>A connection is open.</summary>
    /// <param name="life">Whose.</param>
    /// <param name="connection">Its number.</param>
    /// <param name="peer">Who was dialled.</param>
    internal void Connected(int life, long connection, string? peer) =>
        Run(life, () => Step(new NodeInput.Connected(connection, peer)));

    /// <summary>A connection is closed.</summary>
    /// <param name="life">Whose.</param>
    /// <param name="connection">Its number.</param>
    internal void Disconnected(int life, long connection) =>
        Run(life, () => Step(new NodeInput.Disconnected(connection)));

    /// <summary>Dialling failed.</summary>
    /// <param name="life">Whose.</param>
    /// <param name="peer">The peer.</param>
    internal void DialFailed(int life, string peer) => Run(life, () => Step(new NodeInput.DialFailed(peer)));

    /// <summary>A message came in.</summary>
    /// <param name="life">Whose.</param>
    /// <param name="connection">On which connection.</param>
    /// <param name="message">The message.</param>
    internal void Received(int life, long connection, ClusterMessage message) =>
        Run(life, () => Step(new NodeInput.Received(connection, message)));

    /// <summary>Does one step of the node, and what it says.</summary>
    /// <param name="input">The input.</param>
    internal void Step(NodeInput input)
    {
        if (input is not NodeInput.Tick)
        {
            _cluster.Steps++;
            _cluster.World.Note(Name, input);
        }

        _outputs.Clear();
        _node!.Step(Clock.Read(), input, _outputs);
        foreach (var output in _outputs)
        {
            if (output is not NodeOutput.Lease)
            {
                _cluster.World.Note($"{Name} >", output);
            }

            Do(output);
        }
    }

    private void Tick(int life)
    {
        Run(life, () => Step(NodeInput.Tick.Now));
        if (life == Life)
        {
            _cluster.World.Soon(20_000, 50_000, () => Tick(life));
        }
    }

    private void Do(NodeOutput output)
    {
        switch (output)
        {
            case NodeOutput.Dial dial:
                _cluster.Network.Dial(this, dial.Peer);
                break;
            case NodeOutput.Send send:
                if (send.Message is AppendAck ack)
                {
                    _cluster.Ghost.AcknowledgedAppend(this, ack.Durable);
                }

                _cluster.Sent(this, send.Connection, send.Message);
                break;
            case NodeOutput.Close close:
                _cluster.Network.Find(close.Connection)?.Close(this);
                break;
            case NodeOutput.Answer answer:
                _cluster.Operator.Answered(answer);
                break;
            case NodeOutput.Tell:
                break;
            case NodeOutput.ReadGroup read:
                _control!.Read(read.Call);
                break;
            case NodeOutput.WriteGroup write:
                _control!.Write(write.Call, write.Write);
                break;
            case NodeOutput.ReadsConfirmed confirmed:
                Engine.Service.Confirmed(confirmed.Ticket, confirmed.IsConfirmed);
                break;
            default:
                Engine.Do(output);
                break;
        }
    }
}
