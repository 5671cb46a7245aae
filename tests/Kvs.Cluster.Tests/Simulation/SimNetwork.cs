using Kvs.Core.Protocol.Cluster.Messages;

namespace Kvs.Cluster.Tests.Simulation;

/// <summary>
/// Connections between simulated nodes. Within one, messages come in order or not at all; a connection may break, at
/// either end at different times; a direction that is cut holds what is sent until it heals or the connection breaks.
/// </summary>
/// <param name="world">The world.</param>
/// <param name="find">A node by its name.</param>
internal sealed class SimNetwork(World world, Func<string, SimNode> find)
{
    private readonly HashSet<(string From, string To)> _cut = [];
    private readonly Dictionary<long, SimConnection> _connections = [];
    private readonly Dictionary<SimNode, long> _newestDelivered = [];
    private long _nextConnection;
    private long _sent;

    /// <summary>Longest usual delay of a message in microseconds.</summary>
    internal int DelayMicrosMax { get; set; } = 2000;

    /// <summary>Chance that a message is delivered twice.</summary>
    internal double Duplicates { get; set; }

    /// <summary>The open connections.</summary>
    internal IReadOnlyCollection<SimConnection> Connections => _connections.Values;

    /// <summary>A node dials another.</summary>
    /// <param name="from">The dialler.</param>
    /// <param name="to">Whom it dials.</param>
    internal void Dial(SimNode from, string to)
    {
        var life = from.Life;
        world.Soon(100, DelayMicrosMax, () =>
        {
            var target = find(to);
            if (from.Life != life)
            {
                return;
            }

            if (!target.IsUp || IsCut(from.Name, to) || IsCut(to, from.Name))
            {
                world.Soon(1000, 200_000, () => from.DialFailed(life, to));
                return;
            }

            var connection = new SimConnection(++_nextConnection, world, this, from, target);
            _connections.Add(connection.Number, connection);
            connection.Open();
        });
    }

    /// <summary>A connection by its number; null when it is gone.</summary>
    /// <param name="number">The number.</param>
    internal SimConnection? Find(long number) => _connections.GetValueOrDefault(number);

    /// <summary>Numbers what is sent, over all connections.</summary>
    internal long NextOrder() => ++_sent;

    /// <summary>Something is delivered; counts what was overtaken on its way.</summary>
    /// <param name="to">To whom.</param>
    /// <param name="order">Its number.</param>
    internal void Delivered(SimNode to, long order)
    {
        var newest = _newestDelivered.GetValueOrDefault(to);
        _newestDelivered[to] = Math.Max(newest, order);
        if (order < newest)
        {
            world.Faults.Add(Fault.MessageOvertaken);
        }
    }

    /// <summary>Forgets a connection that both ends know to be closed.</summary>
    /// <param name="connection">It.</param>
    internal void Forget(SimConnection connection) => _connections.Remove(connection.Number);

    /// <summary>Whether a direction is cut.</summary>
    /// <param name="from">From.</param>
    /// <param name="to">To.</param>
    internal bool IsCut(string from, string to) => _cut.Contains((from, to));

    /// <summary>Cuts a direction.</summary>
    /// <param name="from">From.</param>
    /// <param name="to">To.</param>
    internal void Cut(string from, string to) => _cut.Add((from, to));

    /// <summary>Cuts some nodes off from all others, and heals everything else in the same moment.</summary>
    /// <param name="some">Their names.</param>
    /// <param name="others">The names of the others.</param>
    internal void Part(IReadOnlyCollection<string> some, IReadOnlyCollection<string> others)
    {
        _cut.Clear();
        foreach (var one in some)
        {
            foreach (var other in others)
            {
                Cut(one, other);
                Cut(other, one);
            }
        }

        Pump();
    }

    /// <summary>Heals a direction; what was held is delivered.</summary>
    /// <param name="from">From.</param>
    /// <param name="to">To.</param>
    internal void Heal(string from, string to)
    {
        _cut.Remove((from, to));
        Pump();
    }

    /// <summary>Heals all directions; what was held is delivered.</summary>
    internal void HealAll()
    {
        _cut.Clear();
        Pump();
    }

    private void Pump()
    {
        foreach (var connection in _connections.Values.ToArray())
        {
            connection.Pump();
        }
    }

    /// <summary>All connections of a node break: its process is gone.</summary>
    /// <param name="node">The node.</param>
    internal void BreakAll(SimNode node)
    {
        foreach (var connection in _connections.Values.Where(each => each.Joins(node)).ToArray())
        {
            connection.Break();
        }
    }
}

/// <summary>One simulated connection.</summary>
/// <param name="number">Its number.</param>
/// <param name="world">The world.</param>
/// <param name="network">The network.</param>
/// <param name="dialler">Who dialled.</param>
/// <param name="target">Who was dialled.</param>
internal sealed class SimConnection(long number, World world, SimNetwork network, SimNode dialler, SimNode target)
{
    private readonly End _dialler = new(dialler);
    private readonly End _target = new(target);

    /// <summary>Its number.</summary>
    internal long Number { get; } = number;

    /// <summary>Whether it is one of a node's.</summary>
    /// <param name="node">The node.</param>
    internal bool Joins(SimNode node) => dialler == node || target == node;

    /// <summary>The other end, seen from one.</summary>
    /// <param name="node">One end.</param>
    internal SimNode OtherThan(SimNode node) => node == dialler ? target : dialler;

    /// <summary>Tells both ends.</summary>
    internal void Open()
    {
        _target.Node.Connected(_target.Life, Number, null);
        _dialler.Node.Connected(_dialler.Life, Number, _target.Node.Name);
    }

    /// <summary>One end sends.</summary>
    /// <param name="from">The end.</param>
    /// <param name="message">The message.</param>
    internal void Send(SimNode from, ClusterMessage message)
    {
        if (EndOf(from).IsOpen && EndOf(from).Life == from.Life)
        {
            Enqueue(from, message);
        }
    }

    /// <summary>One end closes; the other hears of it behind what was sent.</summary>
    /// <param name="from">The end.</param>
    internal void Close(SimNode from)
    {
        EndOf(from).IsOpen = false;
        Enqueue(from, null);
    }

    /// <summary>It breaks: what is under way is lost, and each end hears of it at its own time, or not at all.</summary>
    internal void Break()
    {
        network.Forget(this);
        foreach (var end in new[] { _dialler, _target })
        {
            if (end.Incoming.Count > 0)
            {
                world.Faults.Add(Fault.MessageLost);
            }

            end.Incoming.Clear();
            var other = end == _dialler ? _target : _dialler;
            if (end.IsOpen && !network.IsCut(other.Node.Name, end.Node.Name) && world.Happens(0.9))
            {
                end.IsOpen = false;
                world.Soon(0, 100_000, () => end.Node.Disconnected(end.Life, Number));
            }
        }
    }

    /// <summary>Delivers what is due and not held.</summary>
    internal void Pump()
    {
        Pump(_dialler, _target);
        Pump(_target, _dialler);
    }

    private void Enqueue(SimNode from, ClusterMessage? message)
    {
        var to = from == _dialler.Node ? _target : _dialler;
        var due = world.Now + world.Between(50, network.DelayMicrosMax);
        due = due > to.LastDue ? due : to.LastDue;
        to.LastDue = due;
        to.Incoming.Enqueue((due, network.NextOrder(), message));
        world.After(due - world.Now, Pump);
    }

    private void Pump(End from, End to)
    {
        while (to.Incoming.TryPeek(out var next) && next.Due <= world.Now && !network.IsCut(from.Node.Name, to.Node.Name))
        {
            to.Incoming.Dequeue();
            if (!to.IsOpen)
            {
                continue;
            }

            if (next.Message is null)
            {
                to.IsOpen = false;
                network.Forget(this);
                to.Node.Disconnected(to.Life, Number);
                continue;
            }

            if (next.Due < world.Now)
            {
                world.Faults.Add(Fault.MessageHeld);
            }

            network.Delivered(to.Node, next.Order);
            to.Node.Received(to.Life, Number, next.Message);
            if (world.Happens(network.Duplicates))
            {
                world.Faults.Add(Fault.MessageDuplicated);
                to.Node.Received(to.Life, Number, next.Message);
            }
        }
    }

    private End EndOf(SimNode node) => node == _dialler.Node ? _dialler : _target;

    private sealed class End(SimNode node)
    {
        internal SimNode Node { get; } = node;

        internal int Life { get; } = node.Life;

        internal bool IsOpen { get; set; } = true;

        internal TimeSpan LastDue { get; set; }

        internal Queue<(TimeSpan Due, long Order, ClusterMessage? Message)> Incoming { get; } = [];
    }
}
