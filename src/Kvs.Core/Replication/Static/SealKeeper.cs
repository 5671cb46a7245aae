using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Replication.Links;

namespace Kvs.Core.Replication.Static;

/// <summary>
/// The side of a seal that promises: refuses lower epochs at once, answers when the promise is durable, the log stands
/// still, and what was promised to another primary by beacons has run out. Threading: the node's.
/// </summary>
/// <param name="context">The node.</param>
/// <param name="list">The list.</param>
internal sealed class SealKeeper(NodeContext context, StaticList list)
{
    private readonly Dictionary<Link, LogStateRequest> _askers = [];
    private (Link Link, Seal Seal)? _owed;

    /// <summary>A node asks for this one's log state, and shows its store and list.</summary>
    /// <param name="link">Its link.</param>
    /// <param name="request">What it shows.</param>
    internal void Receive(Link link, LogStateRequest request)
    {
        // A dialled link has a known peer; on an accepted one the dialler says who it is, and stays that.
        if (link.Dialled || request.From == request.To || (_askers.TryGetValue(link, out var known) && !IsSame(known, request)))
        {
            context.CloseAsNonsense(link);
            return;
        }

        link.Peer = request.From;
        _askers[link] = request;
        context.Send(link, new LogState(context.Record.PromisedEpoch, ReportTo(request)));
    }

    /// <summary>A candidate, or the primary, asks for a promise.</summary>
    /// <param name="link">Its link.</param>
    /// <param name="seal">What it asks for.</param>
    /// <returns>Whether another epoch than before is promised now, so that this node's part in the old one is over.</returns>
    internal bool Receive(Link link, Seal seal)
    {
        if (!_askers.TryGetValue(link, out var asker) || seal.Candidate != link.Peer || seal.StoreId != asker.StoreId)
        {
            context.CloseAsNonsense(link);
            return false;
        }

        var state = list.Compare(asker.StoreId, asker.Members, asker.To);
        if (state == ListState.Other || !(seal.Members.IsEmpty || seal.Members.AsSpan().SequenceEqual(asker.Members.AsSpan())))
        {
            context.Tell($"{link.Peer} belongs to another store or list; this node does not join it.");
            context.Close(link, new Goodbye(context.Record.PromisedEpoch, GoodbyeReason.Stranger, 0));
            return false;
        }

        if (!context.Rules.MaySeal(context.Record, seal.Epoch, seal.Candidate))
        {
            context.Send(link, new SealAck(context.Record.PromisedEpoch, seal.Epoch, Accepted: false, ReportTo(asker)));
            return false;
        }

        var isNew = seal.Epoch > context.Record.PromisedEpoch;
        Promise(seal, asker);
        _owed = (link, seal);
        return isNew;
    }

    /// <summary>A link is closed.</summary>
    /// <param name="link">The link.</param>
    internal void Closed(Link link)
    {
        _askers.Remove(link);
        if (_owed?.Link == link)
        {
            _owed = null;
        }
    }

    /// <summary>Answers what is owed when nothing stands against it.</summary>
    internal void Advance()
    {
        if (_owed is not var (link, seal) || !context.IsRecordStored || !context.Log.IsSettled)
        {
            return;
        }

        if (context.Record.PromisedEpoch != seal.Epoch || !_askers.TryGetValue(link, out var asker))
        {
            _owed = null;
            return;
        }

        // A node of the list may have promised its old primary not to do this yet; another one has promised nothing.
        if (context.Record.HasList && !context.Promise.Frees(seal.Candidate))
        {
            return;
        }

        Check.That(context.Stored.PromisedEpoch == seal.Epoch);
        _owed = null;
        context.Send(link, new SealAck(seal.Epoch, seal.Epoch, Accepted: true, ReportTo(asker)));
    }

    private static bool IsSame(LogStateRequest known, LogStateRequest request) =>
        known.From == request.From
        && known.To == request.To
        && known.StoreId == request.StoreId
        && known.Members.AsSpan().SequenceEqual(request.Members.AsSpan());

    private LogReport ReportTo(LogStateRequest asker) =>
        context.Report(list.Compare(asker.StoreId, asker.Members, asker.To)) with { NodeId = asker.To };

    private void Promise(Seal seal, LogStateRequest asker)
    {
        var record = context.Record with
        {
            PromisedEpoch = seal.Epoch,
            Candidate = seal.Candidate,
            StoreId = seal.StoreId,
            Self = asker.To,
            IsFounding = context.Record.IsFounding && seal.Candidate == context.Self,
            Members = context.Record.HasList || seal.Members.IsEmpty ? context.Record.Members : seal.Members,

            // Who is given the list counts from now on, whatever it may have lost before.
            Incarnation = context.MayHaveLost && !seal.Members.IsEmpty ? context.EpochSource.NextStoreId() : context.Record.Incarnation,
        };
        if (record != context.Record)
        {
            context.Remember(record);
        }
    }
}
