using Kvs.Core.Primitives;
using Kvs.Core.Replication;
using Kvs.Core.Replication.ControlPlane;

namespace Kvs.Cluster.Tests.Simulation;

/// <summary>
/// Knows what no node can know: what was committed and acknowledged anywhere. Holds the invariants of the protocol
/// against each thing that happens.
/// </summary>
internal sealed class Ghost
{
    private readonly List<SimEntry> _committed = [];
    private readonly List<ulong> _committedIn = [];
    private readonly Dictionary<(int Client, int Number), SimEntry> _effects = [];
    private readonly Dictionary<ulong, string> _acknowledgers = [];
    private readonly Dictionary<ulong, string> _primaries = [];
    private readonly Dictionary<string, SimEntry> _newest = [];

    /// <summary>All committed batches, in order.</summary>
    internal IReadOnlyList<SimEntry> Committed => _committed;

    /// <summary>Invariants that are not asked for, because the run breaks what they rest on.</summary>
    internal HashSet<string> Waived { get; } = [];

    /// <summary>The committed batch of a request, if there is one.</summary>
    /// <param name="client">The client.</param>
    /// <param name="number">Its number.</param>
    internal SimEntry? EffectOf(int client, int number) => _effects.GetValueOrDefault((client, number));

    /// <summary>A primary has committed up to here.</summary>
    /// <param name="node">The primary.</param>
    /// <param name="sequence">The newest committed sequence.</param>
    internal void CommittedBy(SimNode node, ulong sequence)
    {
        var log = node.Disk.Entries;
        Require(sequence <= node.Disk.Durable, "I7", $"{node.Name} commits {sequence}, synced is {node.Disk.Durable}");
        for (var i = _committed.Count; i < (int)sequence; i++)
        {
            Add(log[i]);
            _committedIn.Add(node.Node.Epoch);
        }
    }

    /// <summary>A node shows a batch to readers.</summary>
    /// <param name="node">The node.</param>
    /// <param name="entry">The batch.</param>
    internal void PublishedBy(SimNode node, SimEntry entry)
    {
        var sequence = entry.Version.Sequence;
        Require(sequence <= (ulong)_committed.Count, "I9", $"{node.Name} publishes {entry.Version}, which nobody committed");
        Require(
            _committed[(int)sequence - 1] == entry,
            "I3",
            $"{node.Name} publishes {entry.Version} where {_committed[(int)sequence - 1].Version} was committed");
    }

    /// <summary>A primary has answered a write as done.</summary>
    /// <param name="node">The primary.</param>
    /// <param name="epoch">Its epoch.</param>
    internal void AcknowledgedBy(SimNode node, ulong epoch)
    {
        Require(
            _acknowledgers.TryAdd(epoch, node.Name) || _acknowledgers[epoch] == node.Name,
            "I2",
            $"{node.Name} and {_acknowledgers.GetValueOrDefault(epoch)} acknowledge in epoch {Describe.Epoch(epoch)}");
    }

    /// <summary>A node has begun an epoch.</summary>
    /// <param name="node">The node.</param>
    /// <param name="epoch">The epoch.</param>
    internal void PromotedIn(SimNode node, ulong epoch)
    {
        Require(_primaries.TryAdd(epoch, node.Name), "I2", $"epoch {Describe.Epoch(epoch)} begins twice");
        var log = node.Disk.Entries;
        for (var i = 0; i < _committed.Count; i++)
        {
            // A candidate that slept may still begin an epoch that is over; it commits nothing in it.
            Require(
                _committedIn[i] > epoch || (i < log.Count && log[i] == _committed[i]),
                "I1",
                $"{node.Name} leads epoch {Describe.Epoch(epoch)} without the committed batch {_committed[i].Version}");
        }
    }

    /// <summary>A node cuts its log.</summary>
    /// <param name="node">The node.</param>
    /// <param name="last">The last sequence that stays.</param>
    /// <param name="published">What it has published.</param>
    internal void CutBy(SimNode node, ulong last, ulong published) =>
        Require(last >= published, "I4", $"{node.Name} cuts its log to {last}, published is {published}");

    /// <summary>A follower acknowledges batches.</summary>
    /// <param name="node">The follower.</param>
    /// <param name="durable">The newest that it says is synced.</param>
    internal void AcknowledgedAppend(SimNode node, ulong durable) =>
        Require(durable <= node.Disk.Durable, "I7", $"{node.Name} acknowledges {durable}, synced is {node.Disk.Durable}");

    /// <summary>A node replaces its record.</summary>
    /// <param name="node">The node.</param>
    /// <param name="old">The old record.</param>
    /// <param name="next">The new one.</param>
    internal void RecordReplaced(SimNode node, MemberRecord old, MemberRecord next) =>
        Require(
            next.PromisedEpoch > old.PromisedEpoch
                || (next.PromisedEpoch == old.PromisedEpoch && next.Candidate == old.Candidate),
            "I8",
            $"{node.Name} takes back the promise of {Describe.Epoch(old.PromisedEpoch)} to {old.Candidate}");

    /// <summary>The group's record was changed.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="before">The record before; null for none.</param>
    /// <param name="after">The record.</param>
    internal void StateChanged(SimCluster cluster, GroupState? before, GroupState after)
    {
        if (before is null)
        {
            return;
        }

        if (after.LossEpochs.Length > before.LossEpochs.Length)
        {
            // A person has taken it upon himself; all that a forced promotion promises is to say so, once and for ever.
            Require(
                after.Epoch > before.Epoch && after.LossEpochs.SequenceEqual(before.LossEpochs.Add(after.Epoch)),
                "I8",
                "a forced promotion is not on record");
            return;
        }

        // A new group grows to its least size.
        var least = Math.Min(after.MinInSync, before.InSync.Length);
        Require(after.InSync.Length >= least, "I6", $"the in-sync set shrinks to {after.InSync.Length}, least is {least}");
        if (after.Epoch != before.Epoch)
        {
            Require(after.Epoch > before.Epoch, "I8", $"epoch {Describe.Epoch(after.Epoch)} follows {Describe.Epoch(before.Epoch)}");
            Require(
                before.InSync.Contains(after.Primary),
                "I12",
                $"{after.Primary.Node} is elected with an incarnation that was not in sync");
            return;
        }

        Require(after.Primary == before.Primary, "I2", $"epoch {Describe.Epoch(after.Epoch)} gets another primary");
        var primary = cluster.Nodes.First(node => node.Name == after.Primary.Node);
        if (primary.IsUp && primary.Node is { Epoch: var epoch } node && epoch == after.Epoch && node.MustAcknowledge.Count > 0)
        {
            var missing = after.InSync.Except(node.MustAcknowledge).ToArray();
            Require(missing.Length == 0, "I6", $"{Describe.Any(missing)} is in sync, and {primary.Name} does not wait for it");
        }
    }

    /// <summary>Fails the run when something does not hold.</summary>
    /// <param name="holds">Whether it holds.</param>
    /// <param name="invariant">Its name.</param>
    /// <param name="what">What was seen.</param>
    internal void Require(bool holds, string invariant, string what)
    {
        if (!holds && !Waived.Contains(invariant))
        {
            throw new InvariantException(invariant, what);
        }
    }

    private void Add(SimEntry entry)
    {
        Require(
            _committed.Count == 0 || entry.Version.Epoch >= _committed[^1].Version.Epoch,
            "I8",
            $"{entry.Version} is committed behind {_committed.LastOrDefault()?.Version}");
        _committed.Add(entry);
        if (entry.IsEpochStart)
        {
            return;
        }

        Require(
            _effects.TryAdd((entry.Client, entry.RequestNumber), entry),
            "I11",
            $"request {entry.RequestNumber} of client {entry.Client} takes effect twice, again at {entry.Version}");
        var before = _newest.TryGetValue(entry.Key, out var newest) ? newest.Version.Sequence : 0;
        Require(
            entry.Expected is not { } expected || expected == before,
            "CAS",
            $"{entry.Version} replaces {before} of {entry.Key}, but expected {entry.Expected}");
        _newest[entry.Key] = entry;
    }
}
