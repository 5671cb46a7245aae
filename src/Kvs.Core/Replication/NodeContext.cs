using System.Diagnostics.CodeAnalysis;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Replication.Following;
using Kvs.Core.Replication.Links;
using Kvs.Core.Replication.Log;
using Kvs.Core.Replication.Rules;
using Kvs.Core.Storage;

namespace Kvs.Core.Replication;

/// <summary>What the parts of one node share: its log, its record, its links, the clock of the step and its outputs.</summary>
internal sealed class NodeContext
{
    private readonly Dictionary<long, Link> _links = [];
    private readonly List<Link> _closed = [];
    private readonly UInt128? _suspect; // the incarnation under which batches may have been lost
    private List<NodeOutput> _outputs = [];

    /// <summary>Takes over what the opening found.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="start">What the opening found.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="random">For epochs and pauses; seeded in tests.</param>
    /// <param name="now">The clocks at the start.</param>
    internal NodeContext(NodeSettings settings, NodeStart start, IReplicationRules rules, Random random, in ClockReading now)
    {
        Settings = settings;
        Rules = rules;
        Random = random;
        EpochSource = new StoreRandom(random);
        Now = now;
        Log = new LogView(start);
        Record = Stored = start.Record;
        TailCut = start.TailCut;
        _suspect = start.MayHaveLost ? start.Record.Incarnation : null;
        Promise = new BeaconPromise(this);
        Check.That(Record.PromisedEpoch >= Log.Last.Epoch || !Record.HasList);
    }

    /// <summary>The settings.</summary>
    internal NodeSettings Settings { get; }

    /// <summary>The rules.</summary>
    internal IReplicationRules Rules { get; }

    /// <summary>For pauses.</summary>
    internal Random Random { get; }

    /// <summary>For epochs.</summary>
    internal StoreRandom EpochSource { get; }

    /// <summary>The log.</summary>
    internal LogView Log { get; }

    /// <summary>The clocks of the step in hand.</summary>
    internal ClockReading Now { get; private set; }

    /// <summary>What this node has decided to remember. Refusals go by it at once.</summary>
    internal MemberRecord Record { get; private set; }

    /// <summary>What is durable of it. Promises to others go by it.</summary>
    internal MemberRecord Stored { get; private set; }

    /// <summary>Whether the opening cut a torn tail off, and no primary was matched since.</summary>
    internal bool TailCut { get; set; }

    /// <summary>Whether batches that were acknowledged under this incarnation may be missing. Over when another one is drawn.</summary>
    internal bool MayHaveLost => Record.Incarnation == _suspect;

    /// <summary>Static mode: whether this node counts in its list.</summary>
    internal bool Counts => Record.HasList && Rules.Counts(MayHaveLost);

    /// <summary>Whether beacons may be acknowledged. Not while this node may be elected: it would promise not to be.</summary>
    internal bool MayPromise { get; set; } = true;

    /// <summary>How this node is, for its primary.</summary>
    internal NodeHealth Health { get; set; } = NodeHealth.CanLead;

    /// <summary>Revision of the group's record in the control plane; 0 without one.</summary>
    internal long Revision { get; set; }

    /// <summary>Whether this node leads and holds a read lease.</summary>
    internal bool HasLease { get; set; }

    /// <summary>The promise that this node has given by acknowledging beacons.</summary>
    internal BeaconPromise Promise { get; }

    /// <summary>Who this node is; empty until it was told.</summary>
    internal string Self => Record.Self;

    /// <summary>Whether all that was decided is durable.</summary>
    internal bool IsRecordStored => ReferenceEquals(Record, Stored);

    /// <summary>The open links.</summary>
    internal IEnumerable<Link> Links => _links.Values;

    /// <summary>Begins a step.</summary>
    /// <param name="now">Its clocks.</param>
    /// <param name="outputs">Where its outputs go.</param>
    internal void Begin(in ClockReading now, List<NodeOutput> outputs)
    {
        Check.That(now.Monotonic >= Now.Monotonic);
        Now = now;
        _outputs = outputs;
    }

    /// <summary>Wants something done.</summary>
    /// <param name="output">What.</param>
    internal void Emit(NodeOutput output) => _outputs.Add(output);

    /// <summary>Tells people.</summary>
    /// <param name="text">What.</param>
    internal void Tell(string text) => _outputs.Add(new NodeOutput.Tell(text));

    /// <summary>Sends a message, if the link is open.</summary>
    /// <param name="link">The link.</param>
    /// <param name="message">The message.</param>
    internal void Send(Link link, ClusterMessage message)
    {
        if (link.IsOpen)
        {
            _outputs.Add(new NodeOutput.Send(link.Connection, message));
        }
    }

    /// <summary>Decides to remember something, durably.</summary>
    /// <param name="record">The new record.</param>
    internal void Remember(MemberRecord record)
    {
        // I8: what was promised is never taken back.
        Check.That(record.PromisedEpoch >= Record.PromisedEpoch);
        Check.That(record.PromisedEpoch > Record.PromisedEpoch || record.Candidate == Record.Candidate);
        Record = record;
        Emit(new NodeOutput.StoreRecord(record));
    }

    /// <summary>A record is durable.</summary>
    /// <param name="record">The record.</param>
    internal void Remembered(MemberRecord record)
    {
        Check.That(record.PromisedEpoch >= Stored.PromisedEpoch);
        Stored = record;
    }

    /// <summary>Adds a link.</summary>
    /// <param name="link">The link.</param>
    internal void Opened(Link link) => _links.Add(link.Connection, link);

    /// <summary>The link of a connection, if it is open.</summary>
    /// <param name="connection">The connection.</param>
    internal Link? Find(long connection) => _links.GetValueOrDefault(connection);

    /// <summary>
    /// Closes a link. The parts that use it hear of it at the end of the step, so that none is called from within
    /// another.
    /// </summary>
    /// <param name="link">The link.</param>
    /// <param name="last">A message to send before; null for none.</param>
    internal void Close(Link link, ClusterMessage? last = null)
    {
        if (!link.IsOpen)
        {
            return;
        }

        if (last is not null)
        {
            Send(link, last);
        }

        Emit(new NodeOutput.Close(link.Connection));
        Forget(link);
    }

    /// <summary>Closes a link on which something came that makes no sense here.</summary>
    /// <param name="link">The link.</param>
    internal void CloseAsNonsense(Link link) =>
        Close(link, new Goodbye(Record.PromisedEpoch, GoodbyeReason.Protocol, 0));

    /// <summary>Forgets a link that the other side, or a fault, has closed.</summary>
    /// <param name="link">The link.</param>
    internal void Forget(Link link)
    {
        if (link.IsOpen)
        {
            link.IsOpen = false;
            _links.Remove(link.Connection);
            _closed.Add(link);
        }
    }

    /// <summary>Takes one of the links that were closed in this step.</summary>
    /// <param name="link">The link.</param>
    internal bool TryTakeClosed([NotNullWhen(true)] out Link? link)
    {
        link = _closed.Count > 0 ? _closed[0] : null;
        if (link is not null)
        {
            _closed.RemoveAt(0);
        }

        return link is not null;
    }

    /// <summary>This node's log and promises, for others.</summary>
    /// <param name="list">Whether it holds their list.</param>
    internal LogReport Report(ListState list) => new()
    {
        NodeId = Self,
        StoreId = Record.StoreId,
        Incarnation = Record.Incarnation,
        PromisedEpoch = Record.PromisedEpoch,
        Candidate = Record.Candidate,
        List = list,
        Last = Log.Last,
        Commit = Log.Commit,
        TailCut = TailCut,
        HearsPrimary = Promise.Holds || HasLease,
        SinceBeaconMillis = Promise.SinceBeaconMillis,
    };
}
