using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Replication.Leading;
using Kvs.Core.Replication.Links;

namespace Kvs.Core.Replication.Static;

/// <summary>
/// A static primary's dealings with its list while it leads: seals and attaches whoever it reaches, takes back in who
/// has lost its disk, and sees when it is superseded. Threading: the node's.
/// </summary>
/// <param name="context">The node.</param>
/// <param name="list">The list.</param>
/// <param name="leader">The node as the primary.</param>
/// <param name="dialler">Keeps the links to the others.</param>
internal sealed class StaticReign(NodeContext context, StaticList list, Leader leader, Dialler dialler)
{
    private readonly Dictionary<Link, ListState> _sealed = [];
    private readonly Dictionary<string, TimeSpan> _estranged = [];
    private readonly HashSet<Link> _offered = [];

    /// <summary>Who may have superseded this node, for its clients; empty when nobody has.</summary>
    internal string Successor { get; private set; } = "";

    /// <summary>The highest promise to another node that was heard of.</summary>
    internal ulong HighestPromise { get; private set; }

    /// <summary>
    /// Whether a node that promised a higher epoch has stayed behind for so long that its candidate has given up, so
    /// that this node should begin an epoch above it, to take it back in.
    /// </summary>
    internal bool ShouldRegain =>
        leader.IsEstablished
        && !leader.IsHandingOver
        && _estranged.Values.Any(since => context.Now.Monotonic - since >= context.Settings.Timings.Promotion * 1.5);

    /// <summary>Begins, with the links on which the epoch was sealed.</summary>
    /// <param name="links">The links, and how who is there stands to the list.</param>
    internal void Begin(IReadOnlyDictionary<Link, ListState> links)
    {
        _sealed.Clear();
        _estranged.Clear();
        _offered.Clear();
        Successor = "";
        foreach (var (link, state) in links)
        {
            _sealed.Add(link, state);
        }

        foreach (var link in context.Links.Where(link => link.Dialled && !_sealed.ContainsKey(link)).ToArray())
        {
            context.Send(link, list.Question(link));
        }
    }

    /// <summary>A node says what it holds and what it has promised.</summary>
    /// <param name="link">Its link.</param>
    /// <param name="report">What it says.</param>
    internal void Receive(Link link, LogReport report)
    {
        if (report.IsStrangerTo(context.Record.StoreId))
        {
            context.Tell($"{link.Peer} holds another store or another list; it is not replicated to. "
                + "Empty its data directory if it shall take part.");
            context.Close(link, new Goodbye(leader.Epoch, GoodbyeReason.Stranger, 0));
        }
        else if (report.PromisedEpoch > leader.Epoch || (report.PromisedEpoch == leader.Epoch && report.Candidate != list.Self))
        {
            Estranged(link, report.Candidate, report.PromisedEpoch);
        }
        else
        {
            _estranged.Remove(link.Peer);
            dialler.Answered(link.Peer);
            context.Send(link, new Seal(
                leader.Epoch, list.Self, context.Record.StoreId, report.List == ListState.Same ? list.Members : []));
        }
    }

    /// <summary>A node answers the seal.</summary>
    /// <param name="link">Its link.</param>
    /// <param name="ack">Its answer.</param>
    internal void Receive(Link link, SealAck ack)
    {
        if (ack.SealedEpoch != leader.Epoch)
        {
            return;
        }

        if (!ack.Accepted)
        {
            Estranged(link, ack.Report.Candidate, ack.Report.PromisedEpoch);
            return;
        }

        _sealed[link] = ack.Report.List;
        if (leader.Find(link) is { } replica)
        {
            replica.Counts = ack.Report.List == ListState.Same;
        }
    }

    /// <summary>A node has promised a higher epoch, and says so.</summary>
    /// <param name="link">Its link.</param>
    /// <param name="candidate">To whom; empty when it does not say.</param>
    /// <param name="epoch">Which.</param>
    /// <remarks>
    /// One such node proves nothing: a promotion that found no majority leaves it behind, and this node can do without
    /// it. When too many have gone for a majority to be left, this node is superseded.
    /// </remarks>
    internal void Estranged(Link link, string candidate, ulong epoch)
    {
        if (_estranged.TryAdd(link.Peer, context.Now.Monotonic))
        {
            context.Tell($"{link.Peer} has promised a higher epoch to {candidate} and does not follow.");
        }

        HighestPromise = Math.Max(HighestPromise, epoch);
        Successor = candidate;
        context.Close(link);
    }

    /// <summary>A link is closed.</summary>
    /// <param name="link">The link.</param>
    internal void Closed(Link link)
    {
        _sealed.Remove(link);
        _offered.Remove(link);
    }

    /// <summary>Goes on wherever something has become possible.</summary>
    internal void Advance()
    {
        if (!leader.HasBegun)
        {
            return;
        }

        foreach (var (link, state) in _sealed)
        {
            if (leader.Find(link) is null)
            {
                leader.Attach(link, state == ListState.Same);
            }
        }

        foreach (var replica in leader.Replicas)
        {
            TakeBackIn(replica);
        }

        if (list.Members.Length - _estranged.Count < list.Majority)
        {
            dialler.Stop();
            leader.End($"Superseded: a majority has promised a higher epoch to {Successor}.");
        }
    }

    /// <summary>
    /// Gives the list to a member that does not count, so that it counts from then on. It has lost batches that it
    /// acknowledged, or may have; so it must first hold the primary's log as it was when it came. One that does not know the
    /// list has probably lost its disk, and with it promises that it gave; so all others must have acknowledged a beacon of
    /// this epoch since, which none could that works on a higher epoch with a promise of the forgetful member in hand.
    /// </summary>
    private void TakeBackIn(Replica replica)
    {
        if (replica.Counts
            || !replica.IsStreaming
            || !context.Rules.HasCaughtUp(replica.Durable, replica.EndAtHello, leader.EpochStart)
            || _offered.Contains(replica.Link)
            || (_sealed[replica.Link] != ListState.Behind && !IsConfirmedByAll(replica)))
        {
            return;
        }

        _offered.Add(replica.Link);
        context.Send(replica.Link, new Seal(leader.Epoch, list.Self, context.Record.StoreId, list.Members));
    }

    private bool IsConfirmedByAll(Replica replica) => list.Others
        .Where(other => other != replica.Link.Peer)
        .All(other => context.Rules.MayCountAgain(replica.AttachedAt, leader.Find(other)?.BeaconSentAt));
}
