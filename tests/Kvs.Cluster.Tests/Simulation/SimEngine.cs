using System.Text;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Replication;

namespace Kvs.Cluster.Tests.Simulation;

/// <summary>
/// Stands for the engine and the driver of one process: does with the log what the node says, in order and each at its
/// own time, ships frames, and publishes what is committed.
/// </summary>
internal sealed class SimEngine
{
    private const int LateSyncMicrosMax = 4_000_000;
    private readonly SimCluster _cluster;
    private readonly SimNode _node;
    private readonly Queue<Action> _log = [];
    private bool _isLogBusy;
    private bool _isToLead;
    private bool _isSyncing;
    private int _syncGeneration;
    private ulong _commit;
    private NodeOutput.DigestState? _digest;

    /// <summary>Opens on a disk.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="node">The machine.</param>
    /// <param name="commit">Commit sequence that the opening found.</param>
    internal SimEngine(SimCluster cluster, SimNode node, ulong commit)
    {
        _cluster = cluster;
        _node = node;
        Service = new SimService(cluster, node);
        _commit = commit;
        Publish();
    }

    /// <summary>Newest published sequence.</summary>
    internal ulong Published { get; private set; }

    /// <summary>Newest published sequence that the node was told of.</summary>
    internal ulong Applied { get; private set; }

    /// <summary>The clients' side.</summary>
    internal SimService Service { get; }

    /// <summary>Commit sequence that is known here.</summary>
    internal ulong CommitKnown => _commit;

    private SimDisk Disk => _node.Disk;

    private bool LeadsNow => _node.Node.Role is NodeRole.Primary or NodeRole.Recovering;

    /// <summary>Does what the node says.</summary>
    /// <param name="output">What.</param>
    internal void Do(NodeOutput output)
    {
        _isToLead = output is NodeOutput.Lead || (_isToLead && output is not NodeOutput.Follow);
        switch (output)
        {
            case NodeOutput.Ship ship:
                _node.Soon(10, _cluster.Options.ShipMicrosMax, () => Ship(ship));
                break;
            case NodeOutput.Commit commit:
                Commit(commit.Sequence);
                break;
            case NodeOutput.DigestState digest:
                _cluster.Ghost.Require(digest.Sequence >= Published, "digest", $"{_node.Name} shows {Published} already");
                _digest = digest;
                TakeDigest();
                break;
            case NodeOutput.Lease lease:
                Service.Lease = lease;
                break;
            case NodeOutput.Admit admit:
                RequireHeld(admit.Admission);
                Service.Admit(admit.Admission);
                break;
            case NodeOutput.ServeBaseCopy serve:
                _node.Soon(1000, 50_000, () => Serve(serve.Connection));
                break;
            case NodeOutput.FetchBaseCopy fetch:
                _node.Soon(10_000, 500_000, () => Install(fetch));
                break;
            default:
                Enqueue(output);
                break;
        }
    }

    /// <summary>A write of the commit pipeline.</summary>
    /// <param name="entry">The batch.</param>
    internal void Append(SimEntry entry)
    {
        Disk.Append(entry);
        _node.Step(new NodeInput.Appended(entry.Version, SimEntry.Bytes));
        Sync();
    }

    // The engine knows no roles: writes that are let go before it is to follow make its log longer than the successor's.
    private void RequireHeld(WriteAdmission next) => _cluster.Ghost.Require(
        Service.Admission.Kind != AdmissionKind.Held || next.Kind == AdmissionKind.Held || !_isToLead || LeadsNow,
        "transfer",
        $"{_node.Name} lets held writes go before its engine is to follow");

    // The log does one thing after another.
    private void Enqueue(NodeOutput output)
    {
        _log.Enqueue(() => DoWithLog(output));
        if (!_isLogBusy)
        {
            _isLogBusy = true;
            Next();
        }
    }

    private void Next() => _node.Soon(5, 200, () =>
    {
        _log.Dequeue()();
        _isLogBusy = _log.Count > 0;
        if (_isLogBusy)
        {
            Next();
        }
    });

    private void DoWithLog(NodeOutput output)
    {
        switch (output)
        {
            case NodeOutput.AppendReceived append:
                AppendReceived(append.Message);
                break;
            case NodeOutput.StoreRecord store:
                _cluster.Ghost.RecordReplaced(_node, Disk.Record, store.Record);
                Disk.Store(store.Record);
                _node.Step(new NodeInput.RecordStored(store.Record));
                break;
            case NodeOutput.Truncate truncate:
                _cluster.Ghost.CutBy(_node, truncate.Last.Sequence, Published);
                _syncGeneration++;
                _isSyncing = false;
                Disk.Cut(truncate.Last.Sequence);
                _node.Step(new NodeInput.Truncated(truncate.Last, Disk.Durable));
                break;
            case NodeOutput.Lead lead:
                _cluster.Ghost.PromotedIn(_node, lead.Epoch);
                var start = new SimEntry(new KvsVersion(lead.Epoch, Disk.Last.Sequence + 1), 0, 0, "", "", null, _commit);
                Disk.Append(start);
                Service.Begin(lead.Epoch);
                _node.Step(new NodeInput.Led(start.Version));
                break;
            case NodeOutput.Follow:
                Service.End();
                _node.Step(new NodeInput.Followed(Disk.Last));
                break;
            default:
                throw new InvalidOperationException($"Nothing does {output}.");
        }

        Sync();
    }

    private void AppendReceived(Append append)
    {
        var entries = _cluster.FramesOf(append.Frames);
        if (Disk.IsFull)
        {
            _cluster.World.Faults.Add(Fault.DiskFull);
        }

        if (Disk.IsFull || append.Previous != Disk.Last)
        {
            _node.Step(new NodeInput.AppendRefused(Disk.Last));
            return;
        }

        foreach (var entry in entries)
        {
            Disk.Append(entry);
        }

        _node.Step(new NodeInput.Appended(append.Last, entries.Length * SimEntry.Bytes));
    }

    private void Sync()
    {
        if (Disk.AnswersBeforeSync)
        {
            _node.Step(new NodeInput.Durable(Disk.Last));
            Publish();
        }

        if (_isSyncing || Disk.Synced == Disk.Last.Sequence)
        {
            return;
        }

        _isSyncing = true;
        var generation = _syncGeneration;
        var through = Disk.Last;
        _node.Soon(50, Disk.AnswersBeforeSync ? LateSyncMicrosMax : _node.SyncMicrosMax, () =>
        {
            if (generation != _syncGeneration)
            {
                return;
            }

            _isSyncing = false;
            Disk.Sync(through.Sequence);
            if (!Disk.AnswersBeforeSync)
            {
                _node.Step(new NodeInput.Durable(through));
                Publish();
            }

            Sync();
        });
    }

    private void Commit(ulong sequence)
    {
        if (_node.Node.Role is NodeRole.Primary or NodeRole.Recovering)
        {
            _cluster.Ghost.CommittedBy(_node, sequence);
        }

        _commit = sequence;
        Publish();
    }

    private void Publish()
    {
        var target = Math.Min(_commit, Disk.Durable);
        if (target <= Published)
        {
            return;
        }

        while (Published < target)
        {
            var entry = Disk.Entries[(int)Published];
            _cluster.Ghost.PublishedBy(_node, entry);
            Published++;
            Service.Published(entry);
            TakeDigest();
        }

        var applied = Published;
        if (_node.IsUp)
        {
            _node.Soon(0, 50, () =>
            {
                Applied = Math.Max(Applied, applied);
                _node.Step(new NodeInput.Applied(applied));
            });
        }
    }

    private void TakeDigest()
    {
        if (_digest is not { } asked || asked.Sequence != Published)
        {
            return;
        }

        _digest = null;
        _cluster.Digests++;
        var newest = new Dictionary<string, ulong>(StringComparer.Ordinal) { ["damage"] = Disk.Damage };
        foreach (var entry in Disk.Entries.Take((int)Published))
        {
            newest[entry.Key] = entry.Version.Sequence;
        }

        var digest = new StateDigest(asked.Parts);
        foreach (var (key, sequence) in newest)
        {
            digest.Add(Encoding.UTF8.GetBytes(key), sequence, 0);
        }

        _node.Soon(1000, 50_000, () => _node.Step(new NodeInput.Digested(asked.Sequence, digest)));
    }

    private void Ship(NodeOutput.Ship ship)
    {
        var first = (int)ship.After.Sequence;
        var log = Disk.Entries;
        if (_cluster.Network.Find(ship.Connection) is not { } connection || first >= log.Count)
        {
            return;
        }

        if (ship.After.Sequence + 1 < Disk.FirstStreamable)
        {
            // History went away under the cursor: the follower comes again and gets a base copy.
            connection.Break();
            return;
        }

        var count = 1;
        var countMax = Math.Min(_cluster.World.Random.Next(1, _cluster.Options.ShippedAtOnceMax + 1), Math.Max(1, ship.BytesMax / SimEntry.Bytes));
        while (count < countMax
            && first + count < log.Count
            && log[first + count].Version.Sequence <= ship.Through
            && log[first + count].Version.Epoch == log[first].Version.Epoch)
        {
            count++;
        }

        var entries = log.Skip(first).Take(count).ToArray();
        var last = entries[^1].Version;
        connection.Send(_node, new Append(
            ship.Epoch, ship.After, entries[0].Version, last, ship.CommittedThrough, _cluster.FramesFor(entries)));
        _node.Soon(0, 200, () => _node.Step(new NodeInput.Shipped(ship.Connection, last, count * SimEntry.Bytes)));
    }

    private void Serve(long connection)
    {
        var id = _cluster.KeepCopy(Disk.Entries.Take((int)Published).ToArray());
        var upto = Disk.Entries[(int)Published - 1].Version;
        _node.Step(new NodeInput.BaseCopyReady(connection, new BaseCopyOffer(0, id, upto, [])));
    }

    private void Install(NodeOutput.FetchBaseCopy fetch)
    {
        if (_cluster.Network.Find(fetch.Connection) is null || Disk.IsFull)
        {
            _node.Step(new NodeInput.BaseCopyFailed());
            return;
        }

        _syncGeneration++;
        _isSyncing = false;
        Disk.Replace(_cluster.CopyOf(fetch.Offer.CopyId));
        _commit = Disk.Durable;
        _node.Step(new NodeInput.BaseCopyInstalled(Disk.Epochs(), Disk.Last));
        Publish();
    }
}
