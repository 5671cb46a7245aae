using System.Collections.Immutable;
using Kvs.Core.Primitives;
using Kvs.Core.Replication;
using Kvs.Core.Replication.ControlPlane;

namespace Kvs.Cluster.Tests.Simulation.ControlPlane;

/// <summary>
/// Stands for etcd: a linearizable record and a leader key with revisions, leases, watches that lag or miss. Its network
/// is apart from the nodes' own, and it can be away as a whole.
/// </summary>
/// <param name="cluster">The cluster.</param>
internal sealed class SimControlPlane(SimCluster cluster)
{
    private static readonly TimeSpan TimeToLive = TimeSpan.FromSeconds(3);
    private readonly Dictionary<long, TimeSpan> _leases = [];
    private readonly HashSet<(string Node, bool Inwards)> _cut = [];
    private readonly List<GroupWrite> _asked = [];
    private GroupView _view = new(1, 0, null, 0, null);
    private long _newestLease;

    /// <summary>Both keys as they are.</summary>
    internal GroupView View => _view;

    /// <summary>
    /// In-sync sets that are recorded, or that somebody has asked for and that may still be: a call may be under way for long.
    /// </summary>
    internal IEnumerable<ImmutableArray<GroupMember>> PossibleSets => _asked
        .Where(write => write.StateRevision == _view.StateRevision)
        .Select(write => write.State)
        .Append(_view.State)
        .OfType<GroupState>()
        .Select(state => state.InSync);

    /// <summary>Whether nobody reaches it.</summary>
    internal bool IsDown { get; set; }

    /// <summary>Chance that a call takes up to seconds, longer than its caller waits.</summary>
    internal double SlowCalls { get; set; }

    /// <summary>Chance that an answer is lost.</summary>
    internal double LostAnswers { get; set; }

    /// <summary>Longest time until a watch shows a change.</summary>
    internal int WatchMicrosMax { get; set; } = 20_000;

    /// <summary>Takeovers so far.</summary>
    internal int Elections { get; private set; }

    /// <summary>Changes of the in-sync set so far.</summary>
    internal int SetChanges { get; private set; }

    private World World => cluster.World;

    /// <summary>Cuts a node off, for what it sends, or for what it should receive.</summary>
    /// <param name="node">The node.</param>
    /// <param name="inwards">Whether for what it should receive.</param>
    internal void Cut(string node, bool inwards) => _cut.Add((node, inwards));

    /// <summary>Everybody reaches it again.</summary>
    internal void Heal()
    {
        IsDown = false;
        _cut.Clear();
    }

    /// <summary>Whether what a node sends arrives.</summary>
    /// <param name="node">The node.</param>
    internal bool Hears(SimNode node) => !IsDown && !_cut.Contains((node.Name, false));

    /// <summary>Whether what is sent to a node arrives.</summary>
    /// <param name="node">The node.</param>
    internal bool Reaches(SimNode node) => !IsDown && !_cut.Contains((node.Name, true));

    /// <summary>A transaction is asked for.</summary>
    /// <param name="write">It.</param>
    internal void Asked(GroupWrite write)
    {
        _asked.RemoveAll(old => old.StateRevision != _view.StateRevision);
        _asked.Add(write);
    }

    /// <summary>Does a transaction.</summary>
    /// <param name="write">It.</param>
    /// <returns>The revision that it made; 0 when a comparison does not hold.</returns>
    internal long Apply(GroupWrite write)
    {
        if (write.StateRevision != _view.StateRevision
            || (write.LeaderRevision is { } leader && leader != _view.LeaderRevision)
            || (write.Leader is { } key && !_leases.ContainsKey(key.Lease)))
        {
            return 0;
        }

        var before = _view;
        var revision = _view.AsOf + 1;
        _view = new GroupView(
            revision,
            write.State is null ? _view.StateRevision : revision,
            write.State ?? _view.State,
            write.Leader is not null ? revision : write.EndsLeader ? 0 : _view.LeaderRevision,
            write.Leader ?? (write.EndsLeader ? null : _view.Leader));
        if (write.State is { } state)
        {
            Count(before.State, state);
            cluster.Ghost.StateChanged(cluster, before.State, state);
        }

        Changed();
        return revision;
    }

    /// <summary>Grants a lease.</summary>
    /// <returns>Its id.</returns>
    internal long Grant()
    {
        _leases.Add(++_newestLease, default);
        KeepAlive(_newestLease);
        return _newestLease;
    }

    /// <summary>Keeps a lease alive.</summary>
    /// <param name="lease">Its id.</param>
    /// <returns>False when it has ended.</returns>
    internal bool KeepAlive(long lease)
    {
        if (!_leases.ContainsKey(lease))
        {
            return false;
        }

        // It looks for ended leases every half a second.
        var end = World.Now + TimeToLive + World.Between(0, 500_000);
        _leases[lease] = end;
        World.After(end - World.Now, () => EndWhenDue(lease));
        return true;
    }

    /// <summary>Ends a lease early, which etcd may do after it was stalled.</summary>
    internal void EndOneEarly()
    {
        if (_leases.Count > 0)
        {
            End(World.Pick(_leases.Keys.ToArray()));
        }
    }

    /// <summary>Lets all leases begin again, as a new leader of etcd does: they end late.</summary>
    internal void Prolong()
    {
        foreach (var lease in _leases.Keys.ToArray())
        {
            KeepAlive(lease);
        }
    }

    private void EndWhenDue(long lease)
    {
        if (_leases.TryGetValue(lease, out var end) && World.Now >= end)
        {
            if (IsDown)
            {
                // Without a majority of its own it ends nothing.
                World.Soon(500_000, 1_000_000, () => EndWhenDue(lease));
                return;
            }

            End(lease);
        }
    }

    private void End(long lease)
    {
        _leases.Remove(lease);
        World.Note("etcd", $"ends lease {lease}");
        if (_view.Leader?.Lease == lease)
        {
            _view = _view with { AsOf = _view.AsOf + 1, LeaderRevision = 0, Leader = null };
            Changed();
        }
    }

    private void Changed()
    {
        World.Note("etcd", _view);
        var view = _view;
        foreach (var node in cluster.Nodes)
        {
            var life = node.Life;
            World.Soon(100, WatchMicrosMax, () =>
            {
                if (Reaches(node))
                {
                    node.Run(life, () => node.Step(new NodeInput.GroupSeen(view)));
                }
            });
        }
    }

    private void Count(GroupState? before, GroupState after)
    {
        Elections += before is null || after.Epoch != before.Epoch ? 1 : 0;
        SetChanges += before is not null && after.Epoch == before.Epoch && !after.InSync.SequenceEqual(before.InSync) ? 1 : 0;
        Check.That(before is null || after.Epoch >= before.Epoch);
    }
}
