using Kvs.Core.Replication;
using Kvs.Core.Replication.ControlPlane;

namespace Kvs.Cluster.Tests.Simulation.ControlPlane;

/// <summary>
/// Stands for the driver's client of the control plane in one process: each call is tried once and ends in time, done,
/// refused or unknown; and it keeps the node's lease.
/// </summary>
/// <param name="cluster">The cluster.</param>
/// <param name="node">The machine.</param>
internal sealed class SimControlClient(SimCluster cluster, SimNode node)
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan TimeToLive = TimeSpan.FromSeconds(3);
    private readonly int _life = node.Life;
    private long _lease;
    private TimeSpan _aliveSince;

    private World World => cluster.World;

    private SimControlPlane Plane => cluster.ControlPlane;

    /// <summary>Begins.</summary>
    internal void Begin() => Keep();

    /// <summary>Reads both keys.</summary>
    /// <param name="call">Number of the call.</param>
    internal void Read(long call) => Call(
        () => Plane.View,
        answer => node.Step(new NodeInput.GroupRead(call, answer)),
        _ => node.Step(new NodeInput.GroupRead(call, null)));

    /// <summary>Tries a transaction.</summary>
    /// <param name="call">Number of the call.</param>
    /// <param name="write">It.</param>
    internal void Write(long call, GroupWrite write)
    {
        Plane.Asked(write);
        Call(
            () => (object)Plane.Apply(write),
            answer =>
            {
                var revision = (long)answer;
                node.Step(new NodeInput.GroupWritten(call, revision > 0 ? CallOutcome.Done : CallOutcome.Refused, revision));
            },
            wasSent => node.Step(new NodeInput.GroupWritten(call, wasSent ? CallOutcome.Unknown : CallOutcome.Refused, 0)));
    }

    // A call that times out here may be done there all the same, now or later.
    private void Call<T>(Func<T> apply, Action<T> answered, Action<bool> failed)
    {
        var isOver = false;
        if (!Plane.Hears(node) && World.Happens(0.5))
        {
            // No connection: surely not sent.
            World.Soon(1000, 250_000, () => node.Run(_life, () => failed(false)));
            return;
        }

        var delay = World.Happens(Plane.SlowCalls) ? World.Between(0, 3_000_000) : World.Between(200, 5_000);
        World.After(delay, () =>
        {
            if (!Plane.Hears(node))
            {
                return;
            }

            if (isOver)
            {
                World.Faults.Add(Fault.ControlLate);
            }

            var answer = apply();
            if (World.Happens(Plane.LostAnswers))
            {
                World.Faults.Add(Fault.ControlAnswerLost);
            }
            else
            {
                World.Soon(100, 3000, () =>
                {
                    if (!isOver && Plane.Reaches(node))
                    {
                        isOver = true;
                        node.Run(_life, () => answered(answer));
                    }
                });
            }
        });
        World.After(CallTimeout, () =>
        {
            if (!isOver)
            {
                isOver = true;
                node.Run(_life, () => failed(true));
            }
        });
    }

    private void Keep()
    {
        if (node.Life != _life)
        {
            return;
        }

        World.Soon(900_000, 1_100_000, () => node.Run(_life, Keep));
        var sentAt = World.Now;
        if (_lease != 0 && sentAt - _aliveSince >= TimeToLive)
        {
            Tell(0);
        }

        var lease = _lease;
        Call(
            () => lease == 0 ? Plane.Grant() : Plane.KeepAlive(lease) ? lease : 0,
            answer => Kept(lease, answer, sentAt),
            _ => { });
    }

    private void Kept(long asked, long answer, TimeSpan sentAt)
    {
        if (asked != _lease)
        {
            return;
        }

        _aliveSince = sentAt;
        if (answer != _lease)
        {
            Tell(answer);
        }
    }

    private void Tell(long lease)
    {
        _lease = lease;
        node.Step(new NodeInput.NodeLease(lease));
    }
}
