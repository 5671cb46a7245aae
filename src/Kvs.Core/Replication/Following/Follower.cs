using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Protocol.Cluster.Messages.Digests;
using Kvs.Core.Replication.Links;
using Kvs.Core.Replication.Log;

namespace Kvs.Core.Replication.Following;

/// <summary>
/// The follower's common rules: it says hello to the primary of the epoch that it has promised, cuts its log to where
/// the two meet, takes frames, and acknowledges what is durable. Whose epoch it promises is the policy's.
/// Threading: the node's.
/// </summary>
/// <param name="context">The node.</param>
internal sealed class Follower(NodeContext context)
{
    private Link? _primary;
    private ulong _knownCommit;
    private AppendAck? _lastAck;
    private Digest? _digest; // asked for by the primary, and not answered

    /// <summary>How far it has come with its primary.</summary>
    internal FollowPhase Phase { get; private set; }

    /// <summary>Whether its data is not the group's; final.</summary>
    internal bool IsDiverged => context.Record.IsDiverged;

    /// <summary>The primary's link; null for none.</summary>
    internal Link? Primary => _primary;

    private LogView Log => context.Log;

    /// <summary>A beacon of the promised epoch came from the node that it was promised to.</summary>
    /// <param name="link">Its link.</param>
    /// <param name="beacon">The beacon.</param>
    internal void Receive(Link link, Beacon beacon)
    {
        if (IsDiverged)
        {
            context.Close(link, new Goodbye(context.Record.PromisedEpoch, GoodbyeReason.Diverged, 0));
            return;
        }

        if (link != _primary)
        {
            Adopt(link);
        }

        if (context.MayPromise)
        {
            context.Promise.Give(link.Peer);
            context.Send(link, new BeaconAck(
                beacon.Epoch,
                beacon.Number,
                Log.Durable,
                context.Now.Monotonic.Ticks * 100,
                (uint)context.Settings.Timings.Promise.TotalMilliseconds,
                context.Health));
        }

        Learn(beacon.Commit);
    }

    /// <summary>Follows over a link that this node has dialled: says hello without being asked.</summary>
    /// <param name="link">The link, to the node that the epoch was promised to.</param>
    internal void Follow(Link link)
    {
        if (!IsDiverged)
        {
            Adopt(link);
        }
    }

    /// <summary>The primary says where the logs meet.</summary>
    /// <param name="link">Its link.</param>
    /// <param name="ack">What it says.</param>
    internal void Receive(Link link, ReplicaHelloAck ack)
    {
        if (link != _primary || Phase != FollowPhase.HelloSent)
        {
            context.CloseAsNonsense(link);
            return;
        }

        switch (ack.Verdict)
        {
            case CatchUpVerdict.Stream when ack.Match == Log.Last:
                BeginStreaming();
                break;
            case CatchUpVerdict.Truncate when Log.History.Holds(ack.Match):
                Cut(ack.Match);
                break;
            case CatchUpVerdict.BaseCopy:
                Phase = FollowPhase.AwaitingCopy;
                break;
            case CatchUpVerdict.Refuse:
                context.Tell($"{link.Peer} does not let this node follow: {ack.Reason}.");
                context.Close(link);
                break;
            default:
                context.CloseAsNonsense(link);
                break;
        }
    }

    /// <summary>Frames came.</summary>
    /// <param name="link">Their link.</param>
    /// <param name="append">The frames.</param>
    internal void Receive(Link link, Append append)
    {
        if (link != _primary
            || Phase != FollowPhase.Streaming
            || append.Previous != Log.Last
            || append.First.Sequence != append.Previous.Sequence + 1
            || append.First.Epoch < append.Previous.Epoch
            || append.First.Epoch > append.Epoch
            || append.Last.Epoch != append.First.Epoch
            || append.Last.Sequence < append.First.Sequence)
        {
            context.CloseAsNonsense(link);
            return;
        }

        Log.HandedOver(append.First, append.Last);
        context.Emit(new NodeOutput.AppendReceived(append));
        Learn(append.Commit);
    }

    /// <summary>A base copy is offered.</summary>
    /// <param name="link">Its link.</param>
    /// <param name="offer">The offer.</param>
    internal void Receive(Link link, BaseCopyOffer offer)
    {
        if (link != _primary || Phase != FollowPhase.AwaitingCopy || offer.Upto.Sequence < Log.Commit)
        {
            context.CloseAsNonsense(link);
            return;
        }

        Phase = FollowPhase.Copying;
        Log.CopyAsked();
        context.Emit(new NodeOutput.FetchBaseCopy(link.Connection, offer));
    }

    /// <summary>The primary asks for the digest of a state.</summary>
    /// <param name="link">Its link.</param>
    /// <param name="digest">Which.</param>
    internal void Receive(Link link, Digest digest)
    {
        if (link == _primary && Phase == FollowPhase.Streaming && digest.Sequence >= Log.Applied)
        {
            _digest = digest;
            context.Emit(new NodeOutput.DigestState(digest.Sequence, digest.Parts));
        }
    }

    /// <summary>A digest is there.</summary>
    /// <param name="digested">It.</param>
    internal void Receive(NodeInput.Digested digested)
    {
        if (_primary is { } primary && _digest is { } asked && asked.Sequence == digested.Sequence)
        {
            _digest = null;
            context.Send(primary, new DigestAnswer(asked.Epoch, asked.Sequence, digested.State.Keys, digested.State.Parts));
        }
    }

    /// <summary>This node's data is not the group's. The files are evidence: they stay.</summary>
    /// <param name="why">For people.</param>
    internal void Diverge(string why)
    {
        context.Remember(context.Record with { IsDiverged = true });
        context.Tell(
            $"{why} This node serves nothing, takes no part and keeps its files. When they were looked at: stop it, empty its "
            + "data directory, start it; it comes back by a copy.");
        if (_primary is { } primary)
        {
            context.Close(primary, new Goodbye(context.Record.PromisedEpoch, GoodbyeReason.Diverged, 0));
            Leave();
        }
    }

    /// <summary>The log was cut, replaced, or left as it was; it is settled again.</summary>
    internal void LogSettled()
    {
        if (Phase == FollowPhase.Cutting)
        {
            BeginStreaming();
        }
        else if (Phase == FollowPhase.Copying)
        {
            // The hello again: the tail behind the copy comes as frames.
            Phase = FollowPhase.Adopted;
        }
    }

    /// <summary>The disk has no room for frames that were handed over.</summary>
    /// <param name="last">End of the log as it is.</param>
    internal void Refused(KvsVersion last)
    {
        if (!Log.IsSettled)
        {
            // The cut that answers the first refusal stands behind all frames that were handed over before it.
            return;
        }

        Log.CutAsked(last);
        context.Emit(new NodeOutput.Truncate(last));
        if (_primary is { } primary)
        {
            context.Close(primary, new Goodbye(
                context.Record.PromisedEpoch, GoodbyeReason.DiskFull, (uint)context.Settings.Timings.RedialMax.TotalMilliseconds));
            Leave();
        }
    }

    /// <summary>A link is closed.</summary>
    /// <param name="link">The link.</param>
    internal void Closed(Link link)
    {
        if (link == _primary)
        {
            Leave();
        }
    }

    /// <summary>Follows nobody any more: another epoch was promised.</summary>
    /// <param name="except">A link that stays open, because the promise was asked for on it; null for none.</param>
    internal void Abandon(Link? except)
    {
        if (_primary is { } primary)
        {
            if (primary != except)
            {
                context.Close(primary, new Fenced(context.Record.PromisedEpoch, context.Record.Candidate));
            }

            Leave();
        }
    }

    /// <summary>Goes on wherever something has become possible.</summary>
    internal void Advance()
    {
        if (_primary is null || IsDiverged)
        {
            return;
        }

        if (Phase == FollowPhase.Adopted && Log.IsSettled && context.IsRecordStored)
        {
            SayHello(_primary);
        }
        else if (Phase == FollowPhase.Streaming)
        {
            Commit();
            Acknowledge(_primary);
        }
    }

    // The newest link of the primary wins: it opened another one because it gave up on the old.
    private void Adopt(Link link)
    {
        if (_primary is { } old)
        {
            context.Close(old);
            Leave();
        }

        _primary = link;
        Phase = FollowPhase.Adopted;
    }

    private void Leave()
    {
        _primary = null;
        _knownCommit = 0;
        _lastAck = null;
        _digest = null;
        Phase = FollowPhase.None;
    }

    private void SayHello(Link primary)
    {
        Phase = FollowPhase.HelloSent;
        context.Send(primary, new ReplicaHello(
            context.Stored.PromisedEpoch,
            context.Stored.StoreId,
            context.Self,
            context.Stored.Incarnation,
            Log.Last,
            Log.Commit,
            Log.History.Tail(ReplicaHello.EpochTailMax),
            context.Settings.WindowBytes));
    }

    private void Cut(KvsVersion match)
    {
        if (match.Sequence < Log.Commit)
        {
            // Only damage, or a promotion that was forced, explains it.
            Diverge($"This node has published up to sequence {Log.Commit}, but its log and the primary's differ behind {match}.");
            return;
        }

        if (match == Log.Last)
        {
            BeginStreaming();
            return;
        }

        Phase = FollowPhase.Cutting;
        Log.CutAsked(match);
        context.Emit(new NodeOutput.Truncate(match));
    }

    private void BeginStreaming()
    {
        Phase = FollowPhase.Streaming;
        context.TailCut = false;
    }

    private void Learn(ulong commit)
    {
        if (Phase == FollowPhase.Streaming)
        {
            _knownCommit = Math.Max(_knownCommit, commit);
        }
    }

    // Only while streaming: then this log is a prefix of the primary's, and what it has committed is what is here.
    private void Commit()
    {
        var committed = Math.Min(_knownCommit, Log.Durable);
        if (committed > Log.Commit)
        {
            Log.CommittedTo(committed);
            context.Emit(new NodeOutput.Commit(committed));
        }
    }

    // Only what is synced, only after the match, only for this connection's epoch (I7).
    private void Acknowledge(Link primary)
    {
        var ack = new AppendAck(
            context.Stored.PromisedEpoch,
            context.Rules.Acknowledgeable(Log),
            Log.Last.Sequence,
            Log.Applied,
            context.Settings.WindowBytes);
        if (ack != _lastAck)
        {
            _lastAck = ack;
            context.Send(primary, ack);
        }
    }
}

/// <summary>How far a follower has come with its primary.</summary>
internal enum FollowPhase
{
    /// <summary>No primary.</summary>
    None,

    /// <summary>It has a primary; the hello is not sent yet.</summary>
    Adopted,

    /// <summary>The hello is sent.</summary>
    HelloSent,

    /// <summary>Its log is being cut.</summary>
    Cutting,

    /// <summary>It waits for the offer of a base copy.</summary>
    AwaitingCopy,

    /// <summary>It fetches a base copy.</summary>
    Copying,

    /// <summary>It takes frames.</summary>
    Streaming,
}
