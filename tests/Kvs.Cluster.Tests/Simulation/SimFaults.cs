using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Replication.ControlPlane;

namespace Kvs.Cluster.Tests.Simulation;

/// <summary>What goes wrong. Never more than the protocol promises to bear, so that all of it must be borne.</summary>
/// <param name="cluster">The cluster.</param>
/// <param name="plan">How often.</param>
internal sealed class SimFaults(SimCluster cluster, FaultPlan plan)
{
    private const int Remembered = 200;
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(20);
    private readonly List<(SimNode From, int Life, SimNode To, ClusterMessage Message)> _old = [];

    /// <summary>Whether faults happen.</summary>
    internal bool IsActive { get; set; } = true;

    private World World => cluster.World;

    /// <summary>Begins: rates of clocks, chances of the network.</summary>
    internal void Begin()
    {
        World.After(Between, Roll);
        cluster.Network.Duplicates = plan.Duplicate;
        cluster.Network.DelayMicrosMax = World.Pick([500, 2000, 20_000, 60_000]);
        if (cluster.Options.HasControlPlane)
        {
            cluster.ControlPlane.SlowCalls = cluster.ControlPlane.LostAnswers = plan.ControlSlow;
            cluster.ControlPlane.WatchMicrosMax = World.Pick([20_000, 20_000, 3_000_000]);
        }

        foreach (var node in cluster.Nodes)
        {
            node.Clock.Rate = cluster.Options.ClocksRunWild
                ? 0.4 + (World.Random.NextDouble() * 2)
                : 0.9 + (World.Random.NextDouble() * 0.2);
        }
    }

    private void Roll()
    {
        if (!IsActive)
        {
            return;
        }

        World.After(Between, Roll);
        May(plan.Crash, () => Crash(World.Pick(cluster.Nodes), wipe: false));
        May(plan.Wipe, () => Crash(World.Pick(cluster.Nodes), wipe: true));
        May(plan.Pause, () => Pause(World.Pick(cluster.Nodes)));
        May(plan.Cut, Cut);
        May(plan.Part, Part);
        May(plan.Heal, Heal);
        May(plan.Break, Break);
        May(plan.Full, () => Fill(World.Pick(cluster.Nodes)));
        May(plan.Slow, () => Slow(World.Pick(cluster.Nodes)));
        May(plan.Clock, () => Clock(World.Pick(cluster.Nodes)));
        May(plan.Drop, () => Drop(World.Pick(cluster.Nodes)));
        May(plan.Replay, Replay);
        May(plan.Meddle, cluster.Operator.Meddle);
        May(plan.ControlCut, CutFromControl);
        May(plan.Isolate, () => Isolate(World.Pick(cluster.Nodes).Name));
        May(plan.ControlDown, LoseControl);
        May(plan.Lease, EndLease);
        May(plan.Lease, cluster.ControlPlane.Prolong);
        May(plan.PowerCut, CutPower);
        May(plan.Stop, () => Stop(World.Pick(cluster.Nodes)));
    }

    /// <summary>
    /// A message is sent. It is kept, to let it come again when its epoch is over; and some faults follow what was said.
    /// </summary>
    /// <param name="from">Who sent it.</param>
    /// <param name="to">To whom.</param>
    /// <param name="message">It.</param>
    internal void Sent(SimNode from, SimNode to, ClusterMessage message)
    {
        if (IsActive && plan.WipePromised > 0 && message is SealAck { Accepted: true } && World.Happens(plan.WipePromised))
        {
            World.Soon(0, 1_000_000, () => Crash(from, wipe: true));
        }

        if (_old.Count < Remembered)
        {
            _old.Add((from, from.Life, to, message));
        }
        else
        {
            _old[World.Random.Next(Remembered)] = (from, from.Life, to, message);
        }
    }

    /// <summary>Everything is well again.</summary>
    internal void End()
    {
        IsActive = false;
        Heal();
        cluster.Network.Duplicates = 0;
        cluster.ControlPlane.SlowCalls = cluster.ControlPlane.LostAnswers = 0;
        cluster.ControlPlane.WatchMicrosMax = 20_000;
        foreach (var node in cluster.Nodes)
        {
            node.Disk.IsFull = false;
            node.SyncMicrosMax = 1000;
            if (node.IsPaused)
            {
                node.Resume();
            }

            if (!node.IsUp)
            {
                node.Start();
            }
        }
    }

    private void Heal()
    {
        cluster.Network.HealAll();
        cluster.ControlPlane.Heal();
    }

    private void CutFromControl()
    {
        var node = World.Pick(cluster.Nodes).Name;
        var way = World.Random.Next(3);
        World.Faults.Add(Fault.ControlCut);
        World.Note(node, $"cut from the control plane, {(way == 0 ? "both ways" : way == 1 ? "outwards" : "inwards")}");
        if (way != 2)
        {
            cluster.ControlPlane.Cut(node, inwards: false);
        }

        if (way != 1)
        {
            cluster.ControlPlane.Cut(node, inwards: true);
        }
    }

    private void Isolate(string node)
    {
        World.Faults.Add(Fault.Isolation);
        World.Note(node, "is cut off from everybody");
        cluster.ControlPlane.Cut(node, inwards: false);
        cluster.ControlPlane.Cut(node, inwards: true);
        foreach (var other in cluster.Nodes.Select(each => each.Name).Where(name => name != node))
        {
            cluster.Network.Cut(node, other);
            cluster.Network.Cut(other, node);
        }
    }

    private void LoseControl()
    {
        World.Faults.Add(Fault.ControlDown);
        World.Note("etcd", "is away");
        cluster.ControlPlane.IsDown = true;
        World.Soon(500_000, 20_000_000, () => cluster.ControlPlane.IsDown = false);
    }

    private void CutPower()
    {
        World.Faults.Add(Fault.PowerCut);
        World.Note("world", "loses power");
        foreach (var node in cluster.Nodes)
        {
            Crash(node, wipe: false);
        }
    }

    private void May(double rate, Action fault)
    {
        if (rate > 0 && World.Happens(rate * Between.TotalSeconds))
        {
            fault();
        }
    }

    private void Stop(SimNode node)
    {
        if (node is { IsUp: true, IsPaused: false })
        {
            World.Faults.Add(Fault.Stop);
            node.Stop();
            Restart(node);
        }
    }

    private void Crash(SimNode node, bool wipe)
    {
        if (!node.IsUp || (wipe && !MayLose(node)) || !MayForget(node))
        {
            return;
        }

        World.Faults.Add(wipe ? Fault.DiskLost : Fault.Crash);
        node.Crash();
        if (wipe)
        {
            World.Note(node.Name, "loses its disk");
            node.Disk.Wipe(World.Random);
        }

        Restart(node);
    }

    private void Restart(SimNode node) => World.Soon(10_000, cluster.Options.RestartMicrosMax, () =>
    {
        if (!node.IsUp)
        {
            node.Start();
        }
    });

    // Where each crash makes a disk suspect, a majority of the others mostly stays: else nobody may lead, and the run is over.
    private bool MayForget(SimNode node) =>
        !cluster.Options.AnswersBeforeSync
        || cluster.Nodes.Count(each => each != node && each.HasEverything) > cluster.Nodes.Length / 2
        || World.Happens(0.1);

    // A majority of disks must stay, those that have forgotten not counted.
    private bool MayLose(SimNode node) =>
        cluster.Options.HasControlPlane ? MayLoseInSync(node) : cluster.Ghost.Committed.Count > 0
        && cluster.Nodes.Count(each => each == node || !each.Disk.Record.HasList) <= (cluster.Nodes.Length - 1) / 2;

    // One disk of the in-sync set at a time, and never its last; of each set that may come true by what is under way.
    private bool MayLoseInSync(SimNode node) =>
        cluster.ControlPlane.View.State is not null
        && cluster.ControlPlane.PossibleSets.All(set => set.Any(member => member.Node != node.Name)
            && set.All(member => member.Node == node.Name || IsThere(member)));

    private bool IsThere(GroupMember member) => cluster.Nodes.Any(
        node => node.Name == member.Node && node.Disk.Record.Incarnation == member.Incarnation);

    private void Pause(SimNode node)
    {
        if (node.IsUp && !node.IsPaused)
        {
            World.Faults.Add(Fault.Pause);
            World.Note(node.Name, "stands still");
            var standstill = node.Pause();
            World.Soon(50_000, 8_000_000, () =>
            {
                if (node.StandsSince(standstill))
                {
                    World.Note(node.Name, "goes on");
                    node.Resume();
                }
            });
        }
    }

    private void Cut()
    {
        var one = World.Pick(cluster.Nodes).Name;
        foreach (var other in cluster.Nodes.Select(node => node.Name).Where(name => name != one))
        {
            if (World.Happens(0.6))
            {
                var way = World.Random.Next(3);
                World.Faults.Add(way == 0 ? Fault.Cut : Fault.CutOneWay);
                World.Note(one, $"cut from {other}, {(way == 0 ? "both ways" : way == 1 ? "outwards" : "inwards")}");
                if (way != 2)
                {
                    cluster.Network.Cut(one, other);
                }

                if (way != 1)
                {
                    cluster.Network.Cut(other, one);
                }
            }
        }
    }

    // A partition that moves: who was cut off from one side finds the other in the same moment, and nobody has heard of what
    // was decided meanwhile.
    private void Part()
    {
        var names = cluster.Nodes.Select(node => node.Name).ToArray();
        World.Random.Shuffle(names);
        var count = World.Random.Next(1, (names.Length / 2) + 1);
        World.Faults.Add(Fault.Parting);
        World.Note("world", $"falls into {string.Join(" ", names[..count])} and {string.Join(" ", names[count..])}");
        cluster.Network.Part(names[..count], names[count..]);
    }

    private void Break()
    {
        var open = cluster.Network.Connections.ToArray();
        if (open.Length > 0)
        {
            World.Pick(open).Break();
        }
    }

    private void Fill(SimNode node)
    {
        World.Note(node.Name, "has a full disk");
        node.Disk.IsFull = true;
        World.Soon(100_000, 5_000_000, () => node.Disk.IsFull = false);
    }

    private void Slow(SimNode node)
    {
        World.Faults.Add(Fault.DiskSlow);
        node.SyncMicrosMax = World.Pick([200, 1000, 1000, 50_000, 1_500_000]);
    }

    private void EndLease()
    {
        World.Faults.Add(Fault.LeaseEndedEarly);
        cluster.ControlPlane.EndOneEarly();
    }

    private void Clock(SimNode node)
    {
        if (World.Happens(0.5))
        {
            World.Faults.Add(Fault.ClockStep);
            node.Clock.StepWall(TimeSpan.FromSeconds((World.Random.NextDouble() * 20) - 10));
        }
        else if (node is { IsUp: true, IsPaused: false })
        {
            Suspend(node);
        }
    }

    private void Suspend(SimNode node)
    {
        var length = World.Between(100_000, 5_000_000);
        World.Faults.Add(Fault.Suspension);
        World.Note(node.Name, $"is suspended for {length.TotalMilliseconds:F0} ms");
        var standstill = node.Pause();
        World.After(length, () =>
        {
            if (node.StandsSince(standstill))
            {
                node.Clock.MissMonotonic(length);
                node.Resume();
            }
        });
    }

    private void Drop(SimNode node)
    {
        if (node is { IsUp: true, IsPaused: false } && node.Engine.Applied > 5)
        {
            var first = node.Engine.Applied - (ulong)World.Random.Next(5);
            World.Faults.Add(Fault.HistoryDropped);
            node.Disk.DropHistory(first);
            node.Run(node.Life, () => node.Step(new Core.Replication.NodeInput.HistoryDropped(first)));
        }
    }

    // A replica of an older epoch that does not know it, or lies. Not what another life of the process has said: a
    // connection ends with its process.
    private void Replay()
    {
        if (_old.Count == 0)
        {
            return;
        }

        var (from, life, to, message) = World.Pick(_old);
        var open = cluster.Network.Connections.Where(connection => connection.Joins(from) && connection.Joins(to)).ToArray();
        if (open.Length > 0 && from.IsUp && from.Life == life && message.Epoch < from.Node.Epoch)
        {
            World.Faults.Add(Fault.MessageOfOldEpoch);
            World.Note(from.Name, $"says again: {Describe.Any(message)}");
            World.Pick(open).Send(from, message);
        }
    }
}
