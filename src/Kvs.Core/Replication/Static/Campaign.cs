using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Replication.Leading;
using Kvs.Core.Replication.Links;

namespace Kvs.Core.Replication.Static;

/// <summary>
/// The side of a seal that asks: the start of a configured primary, the promotion by an operator, and the takeover in a
/// transfer. Asks the list what it holds, promises the next epoch to itself, has it sealed by a majority, and leads.
/// Threading: the node's.
/// </summary>
/// <remarks>
/// The beginning of a list needs every member: a primary whose disk was lost looks like one that was never started, and
/// only the members themselves can tell the difference. It takes two rounds (decision 0013). In the first, all promise the
/// epoch, and nobody gets the list. In the second, which is durable here before it begins, those get it that still keep
/// that promise: they have never counted, so there is nothing that they could have forgotten. Later a majority is enough,
/// of those that hold the list and everything that they have acknowledged. A person can do without the second (decision
/// 0015): then the same majority must seal, so that nobody commits in an older epoch any more, but what it holds is all that
/// there is.
/// </remarks>
/// <param name="context">The node.</param>
/// <param name="list">The list.</param>
/// <param name="leader">What it becomes.</param>
/// <param name="dialler">Keeps the links to the others.</param>
internal sealed class Campaign(NodeContext context, StaticList list, Leader leader, Dialler dialler)
{
    private readonly Dictionary<string, (Link Link, LogReport Report)> _answers = [];
    private readonly HashSet<string> _sealed = [];
    private readonly Dictionary<Link, ListState> _sealedLinks = [];
    private readonly HashSet<string> _told = [];
    private CampaignReason _reason;
    private long _request;
    private TimeSpan _begunAt;
    private TimeSpan _nextAsk;
    private ulong _epoch;
    private ulong _above;

    /// <summary>How far it has come.</summary>
    internal CampaignPhase Phase { get; private set; }

    /// <summary>Whether it waits for others for as long as it takes, and a person may begin another one in its place.</summary>
    internal bool IsWaiting => Phase == CampaignPhase.Asking && IsPatient;

    /// <summary>The open links on which the epoch was sealed, and how who did it stands to the list.</summary>
    internal IReadOnlyDictionary<Link, ListState> SealedLinks => _sealedLinks;

    /// <summary>What it waits for, for people.</summary>
    internal string Status => NeedsEveryMember
        ? $"the list begins, and {_answers.Count + 1} of its {list.Members.Length} members are there; all are needed once"
        : $"it is trying already{Suspects}";

    private bool IsPatient => _reason is CampaignReason.Start or CampaignReason.Regain;

    private bool NeedsEveryMember =>
        _reason == CampaignReason.Start && (!context.Record.HasList || context.Record.IsFounding);

    // The first round: all that was promised is the epoch.
    private bool IsListWithheld => !context.Record.HasList;

    /// <summary>Begins.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="request">Number of the operator's request; 0 for none.</param>
    /// <param name="above">A promise that is known of; the new epoch is above it.</param>
    internal void Begin(CampaignReason reason, long request, ulong above)
    {
        Check.That(Phase == CampaignPhase.None && !leader.IsActive);
        _reason = reason;
        _request = request;
        _above = above;
        _begunAt = context.Now.Monotonic;
        _nextAsk = _begunAt + context.Settings.Timings.Ask;
        _answers.Clear();
        _sealed.Clear();
        _sealedLinks.Clear();
        Phase = CampaignPhase.Asking;
        dialler.Reach(list.Others);
    }

    /// <summary>A node says what it holds.</summary>
    /// <param name="link">Its link.</param>
    /// <param name="report">What it says.</param>
    internal void Receive(Link link, LogReport report)
    {
        if (report.IsStrangerTo(context.Record.StoreId))
        {
            TellOnce($"{link.Peer} holds another store or another list; it is not counted. "
                + "Only an empty replica takes part in a list for the first time.");
        }

        dialler.Answered(link.Peer);
        _answers[link.Peer] = (link, report);
        if (Phase == CampaignPhase.Sealing && !_sealed.Contains(link.Peer))
        {
            SendSeal(link, report);
        }
    }

    /// <summary>A node answers the seal.</summary>
    /// <param name="link">Its link.</param>
    /// <param name="ack">Its answer.</param>
    internal void Receive(Link link, SealAck ack)
    {
        if (Phase != CampaignPhase.Sealing || ack.SealedEpoch != _epoch)
        {
            return;
        }

        if (!ack.Accepted)
        {
            Abort($"{link.Peer} has promised a higher epoch to {NameOf(ack.Report.Candidate)}", ack.Report.Candidate);
        }
        else if (Votes(ack.Report) && !context.Rules.IsAtLeast(context.Log.Last, ack.Report.Last))
        {
            // It may hold a committed batch that is missing here.
            Abort($"{link.Peer} holds a longer log ({ack.Report.Last}, here {context.Log.Last})", link.Peer);
        }
        else
        {
            _answers[link.Peer] = (link, ack.Report);
            _sealedLinks[link] = ack.Report.List;
            if (Votes(ack.Report) || IsListWithheld)
            {
                _sealed.Add(link.Peer);
            }
        }
    }

    /// <summary>A link is closed: what was answered on it may no longer be so. A seal stays a seal.</summary>
    /// <param name="link">The link.</param>
    internal void Closed(Link link)
    {
        _sealedLinks.Remove(link);
        if (_answers.TryGetValue(link.Peer, out var answer) && answer.Link == link)
        {
            _answers.Remove(link.Peer);
        }
    }

    /// <summary>Gives up, because a higher epoch was promised to somebody else.</summary>
    /// <param name="why">For people.</param>
    /// <param name="better">Whom to ask instead; empty for nobody.</param>
    internal void Abort(string why, string better)
    {
        if (Phase == CampaignPhase.None)
        {
            return;
        }

        Phase = CampaignPhase.None;
        dialler.Stop();
        var advice = better.Length > 0 && better != list.Self ? $"Promote {better} instead, or wait for it." : "Try again.";
        if (_request != 0)
        {
            context.Emit(new NodeOutput.Answer(_request, Done: false, $"Not promoted: {why}. {advice}", better));
        }
        else
        {
            context.Tell($"This node does not lead and waits for a primary: {why}. {advice}");
        }
    }

    /// <summary>Goes on wherever something has become possible.</summary>
    internal void Advance()
    {
        switch (Phase)
        {
            case CampaignPhase.Asking:
                Ask();
                break;
            case CampaignPhase.Promising when context.IsRecordStored:
                BeginSealing();
                break;
            case CampaignPhase.Sealing:
                Count();
                break;
            case CampaignPhase.Founding when context.IsRecordStored:
                Lead();
                break;
        }

        var elapsed = context.Now.Monotonic - _begunAt;
        if (!IsPatient && Phase != CampaignPhase.None && elapsed >= context.Settings.Timings.Promotion)
        {
            Abort($"{Voters} of {list.Members.Length} members answered in time, {list.Majority} are needed{Suspects}", "");
        }
    }

    private void Ask()
    {
        if (!context.Log.IsSettled || !context.IsRecordStored)
        {
            return;
        }

        if (IsDecided())
        {
            Promise();
        }
        else if (Phase == CampaignPhase.Asking && context.Now.Monotonic >= _nextAsk)
        {
            _nextAsk = context.Now.Monotonic + context.Settings.Timings.Ask;
            foreach (var (link, _) in _answers.Values)
            {
                context.Send(link, list.Question(link));
            }
        }
    }

    private bool IsDecided()
    {
        if (NeedsEveryMember)
        {
            return IsFoundingDecided();
        }

        // A person who asks wants the best candidate: everybody gets the time to answer; more where something is given up.
        var patience = _reason switch
        {
            CampaignReason.Promote => context.Settings.Timings.Ask,
            CampaignReason.Force => context.Settings.Timings.AskLost,
            _ => TimeSpan.Zero,
        };
        if (_answers.Count < list.Members.Length - 1 && context.Now.Monotonic < _begunAt + patience)
        {
            return false;
        }

        return Voters >= list.Majority && context.Record.HasList && !IsForcedInVain() && !FindsBetter();
    }

    // Whose log and whose seal decide, this node included.
    private int Voters => _answers.Values.Count(answer => Votes(answer.Report)) + 1;

    private bool Votes(LogReport report) =>
        report.List == ListState.Same || (_reason == CampaignReason.Force && report.List == ListState.Behind);

    // For people: who would be a voter if it had stopped cleanly.
    private string Suspects
    {
        get
        {
            var suspects = _answers.Where(answer => !Votes(answer.Value.Report) && answer.Value.Report.List == ListState.Behind)
                .Select(answer => answer.Key).ToArray();
            return suspects.Length == 0 ? "" : $"; not counted: {string.Join(", ", suspects)}, which did not stop cleanly and may "
                + "miss acknowledged writes. If too few others can be started, a person can give those writes up: "
                + "cluster force-promote --accept-data-loss, on the node with the newest log";
        }
    }

    // Where a majority counts, one of it holds everything.
    private bool IsForcedInVain()
    {
        var counting = _answers.Values.Where(answer => answer.Report.List == ListState.Same).ToArray();
        if (_reason != CampaignReason.Force || counting.Length + (context.Counts ? 1 : 0) < list.Majority)
        {
            return false;
        }

        var best = counting.Select(answer => answer.Report).MaxBy(report => report.Last)!;
        var isBest = context.Counts && context.Rules.IsAtLeast(context.Log.Last, best.Last);
        var name = isBest ? list.Self : best.NodeId;
        Abort($"a majority has everything, so nothing need be given up: cluster promote, on {name}", isBest ? "" : name);
        return true;
    }

    // Nobody may hold anything: neither batches, nor a list that this node has forgotten.
    private bool IsFoundingDecided()
    {
        var stranger = _answers.Values.FirstOrDefault(answer => answer.Report.List == ListState.Other).Report;
        if (stranger is not null && !context.Record.HasList && context.Log.Last.Sequence == 0)
        {
            Abort($"{stranger.NodeId} belongs to a store already, and this one is empty: it was lost, or never begun", "");
            return false;
        }

        return !FindsBetter()
            && _answers.Count == list.Members.Length - 1
            && stranger is null
            && _answers.Values.All(answer => answer.Report.List == ListState.Same || answer.Report.IsEmpty);
    }

    private bool FindsBetter()
    {
        // The best one first: it is named.
        foreach (var (_, report) in _answers.Values.OrderByDescending(answer => answer.Report.Last))
        {
            // Whoever belongs to the list keeps its promises, even if it may have lost something else.
            if (_reason == CampaignReason.Start
                && report.List is ListState.Same or ListState.Behind
                && report.PromisedEpoch > 0
                && report.Candidate != list.Self)
            {
                Abort($"{report.NodeId} has promised an epoch to {NameOf(report.Candidate)}", report.Candidate);
                return true;
            }

            if (!Votes(report))
            {
                // Nothing is committed that it alone holds: its acknowledgements never counted, or others that count hold it.
                continue;
            }

            if (_reason is CampaignReason.Promote or CampaignReason.Force && report.Leads)
            {
                // Its log grows while it is sealed, so it would be found to be longer, and nobody would lead.
                Abort($"{report.NodeId} leads, and a majority follows it: transfer from it instead", report.NodeId);
                return true;
            }

            if (!context.Rules.IsAtLeast(context.Log.Last, report.Last))
            {
                Abort($"{report.NodeId} holds a longer log ({report.Last}, here {context.Log.Last})", report.NodeId);
                return true;
            }
        }

        if (_reason == CampaignReason.Start && context.Record.PromisedEpoch > 0 && context.Record.Candidate != list.Self
            && context.Record.Candidate.Length > 0)
        {
            Abort($"this node has promised an epoch to {context.Record.Candidate}", context.Record.Candidate);
            return true;
        }

        return false;
    }

    private void Promise()
    {
        var newest = Math.Max(_above, Math.Max(context.Record.PromisedEpoch, context.Log.Last.Epoch));
        foreach (var (_, report) in _answers.Values)
        {
            newest = Math.Max(newest, Math.Max(report.PromisedEpoch, report.Last.Epoch));
        }

        _epoch = context.EpochSource.NextEpoch(newest);
        Phase = CampaignPhase.Promising;

        // Durable before anybody is asked: else a restart could ask for the same epoch again and lead it twice.
        context.Remember(context.Record with
        {
            PromisedEpoch = _epoch,
            Candidate = list.Self,
            Self = list.Self,
            IsFounding = NeedsEveryMember,
        });
    }

    // From here on, through a restart too, the list is given only to those that have promised by now.
    private void BeginSecondRound()
    {
        _sealed.Clear();
        Phase = CampaignPhase.Promising;
        context.Remember(context.Record with { Members = list.Members });
    }

    private void BeginSealing()
    {
        Phase = CampaignPhase.Sealing;
        foreach (var (link, report) in _answers.Values.ToArray())
        {
            SendSeal(link, report);
        }
    }

    // The list goes to those that hold it, and to all that may be given it when it begins: who has lost its disk must first
    // catch up (StaticReign), else what it had acknowledged before would not be there in a later seal.
    private void SendSeal(Link link, LogReport report)
    {
        // Nor is it asked for a promise: that would make it look like one that keeps what it promised in the first round.
        if (report.List == ListState.Other || IsForgetful(report))
        {
            return;
        }

        var gives = !IsListWithheld && (report.List == ListState.Same || NeedsEveryMember);
        context.Send(link, new Seal(_epoch, list.Self, context.Record.StoreId, gives ? list.Members : []));
    }

    // Whether a list that begins must not be given to it: it has lost its disk since it promised, or another primary
    // takes it back in after such a loss. It may have held the list, and counted. Who still keeps the promise has
    // acknowledged nothing to anybody, so it has not lost anything either.
    private bool IsForgetful(LogReport report) =>
        NeedsEveryMember
        && !IsListWithheld
        && report.List != ListState.Same
        && (report.StoreId != context.Record.StoreId || report.Candidate != list.Self);

    private void Count()
    {
        // This node counts too, when it is free of its own promise to the old primary.
        if (_sealed.Count + 1 < SealsNeeded() || !context.Promise.Frees(list.Self) || IsForcedInVain())
        {
            return;
        }

        if (IsListWithheld)
        {
            BeginSecondRound();
            return;
        }

        Phase = CampaignPhase.Founding;
        if (context.Record.IsFounding || context.MayHaveLost)
        {
            // A person's word makes this log the group's: nothing is missing in it any more.
            var incarnation = context.MayHaveLost ? context.EpochSource.NextStoreId() : context.Record.Incarnation;
            context.Remember(context.Record with { IsFounding = false, Incarnation = incarnation });
        }
    }

    // A list that begins is given to all who may have it; the others come back as any member that has lost its disk.
    private int SealsNeeded() => NeedsEveryMember
        ? Math.Max(list.Majority, list.Members.Length - _answers.Values.Count(answer => IsForgetful(answer.Report)))
        : list.Majority;

    private void Lead()
    {
        Phase = CampaignPhase.None;
        var end = context.Log.Last;
        leader.Begin(_epoch);
        if (_request != 0)
        {
            var loss = _reason == CampaignReason.Force
                ? $" Its log ends at {end}; what had been acknowledged behind that is lost, and whether there was any nobody "
                    + "can tell. Nodes that have shown more stand aside as diverged."
                : "";
            context.Emit(new NodeOutput.Answer(_request, Done: true, $"This node leads epoch {_epoch:x}.{loss}", list.Self));
            if (loss.Length > 0)
            {
                // Nothing else keeps it.
                context.Tell($"Epoch {_epoch:x} begins by a person's word, without a majority that has everything.{loss}");
            }
        }
    }

    private void TellOnce(string text)
    {
        if (_told.Add(text))
        {
            context.Tell(text);
        }
    }

    private static string NameOf(string candidate) => candidate.Length > 0 ? candidate : "nobody";
}

/// <summary>Why a node wants to lead.</summary>
internal enum CampaignReason
{
    /// <summary>It is the configured primary, and starts.</summary>
    Start,

    /// <summary>An operator asks.</summary>
    Promote,

    /// <summary>An operator asks, and accepts that acknowledged batches may be missing.</summary>
    Force,

    /// <summary>The primary hands over.</summary>
    Transfer,

    /// <summary>The primary takes back in a node that had promised a higher epoch.</summary>
    Regain,
}

/// <summary>How far a campaign has come.</summary>
internal enum CampaignPhase
{
    /// <summary>There is none.</summary>
    None,

    /// <summary>The others are asked what they hold.</summary>
    Asking,

    /// <summary>The epoch is promised to itself; that is not durable yet.</summary>
    Promising,

    /// <summary>The others are asked to seal.</summary>
    Sealing,

    /// <summary>Enough have sealed; that the list is founded is not durable yet.</summary>
    Founding,
}
