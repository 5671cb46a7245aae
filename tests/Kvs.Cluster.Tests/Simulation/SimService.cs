using Kvs.Core.Primitives;
using Kvs.Core.Replication;

namespace Kvs.Cluster.Tests.Simulation;

/// <summary>
/// Stands for doors, dispatcher and commit pipeline of one process: takes requests, forwards them, judges conditions
/// against the newest state, knows requests that it has seen, answers what is published.
/// </summary>
/// <param name="cluster">The cluster.</param>
/// <param name="node">The machine.</param>
internal sealed class SimService(SimCluster cluster, SimNode node)
{
    private readonly Dictionary<string, SimEntry> _visible = [];
    private readonly Dictionary<string, SimEntry> _working = [];
    private readonly Dictionary<(int Client, int Number), SimEntry> _requests = [];
    private readonly List<(ulong Sequence, SimRequest Request, SimAnswer Answer)> _waiting = [];
    private readonly List<SimRequest> _held = [];
    private readonly Dictionary<long, Action<bool>> _unconfirmed = [];
    private long _tickets;
    private WriteAdmission _admission;
    private ulong _epoch;

    /// <summary>The read lease, as the node gave it.</summary>
    internal NodeOutput.Lease Lease { get; set; } = new(0, null);

    /// <summary>Whether writes are taken, as the node said last.</summary>
    internal WriteAdmission Admission => _admission;

    /// <summary>The pipeline begins.</summary>
    /// <param name="epoch">Its epoch.</param>
    internal void Begin(ulong epoch)
    {
        _epoch = epoch;
        _working.Clear();
        _requests.Clear();
        foreach (var entry in node.Disk.Entries.Where(entry => !entry.IsEpochStart))
        {
            Remember(entry);
        }
    }

    /// <summary>The pipeline ends: what is not published may come to pass or not.</summary>
    internal void End()
    {
        _epoch = 0;
        foreach (var (_, request, _) in _waiting)
        {
            request.Reply(new SimAnswer(SimOutcome.Unknown));
        }

        _waiting.Clear();
        AnswerHeld();
    }

    /// <summary>Whether writes are taken.</summary>
    /// <param name="admission">The rule.</param>
    internal void Admit(WriteAdmission admission)
    {
        var wasHeld = _admission.Kind == AdmissionKind.Held;
        _admission = admission;
        if (admission.Kind == AdmissionKind.Held)
        {
            node.Soon(10, 1000, () => node.Step(new NodeInput.WritesHeld()));
        }
        else if (wasHeld)
        {
            AnswerHeld();
        }
    }

    /// <summary>A batch is visible to readers.</summary>
    /// <param name="entry">The batch.</param>
    internal void Published(SimEntry entry)
    {
        if (!entry.IsEpochStart)
        {
            _visible[entry.Key] = entry;
        }

        for (var i = _waiting.Count - 1; i >= 0; i--)
        {
            var (sequence, request, answer) = _waiting[i];
            if (sequence <= entry.Version.Sequence)
            {
                _waiting.RemoveAt(i);
                Reply(request, answer);
            }
        }
    }

    /// <summary>Reads without a lease are confirmed, or not.</summary>
    /// <param name="ticket">Names them.</param>
    /// <param name="isConfirmed">Whether their snapshots may be served.</param>
    internal void Confirmed(long ticket, bool isConfirmed)
    {
        _unconfirmed.Remove(ticket, out var reply);
        reply!(isConfirmed);
    }

    /// <summary>A request comes in.</summary>
    /// <param name="request">The request.</param>
    internal void Handle(SimRequest request)
    {
        var isPrimary = _epoch != 0 && node.Node.Role is NodeRole.Primary or NodeRole.Recovering;
        if (!isPrimary)
        {
            Forward(request);
        }
        else if (request.IsRead)
        {
            Read(request);
        }
        else
        {
            Write(request);
        }
    }

    private void Forward(SimRequest request)
    {
        // One hop at most: two nodes that each believe in the other would send it round for ever (I13).
        var hint = node.Node.PrimaryHint;
        if (request.IsForwarded || hint.Length == 0 || hint == node.Name)
        {
            request.Reply(new SimAnswer(SimOutcome.NotPrimary));
        }
        else
        {
            cluster.Deliver(hint, request with { IsForwarded = true });
        }
    }

    private void Write(SimRequest request)
    {
        if (_requests.TryGetValue((request.Client, request.Number), out var known))
        {
            Answer(known.Version.Sequence, request, new SimAnswer(SimOutcome.Done, known));
            return;
        }

        if (_admission.Kind == AdmissionKind.Held)
        {
            _held.Add(request);
            return;
        }

        if (node.Disk.IsFull)
        {
            cluster.World.Faults.Add(Fault.DiskFull);
            request.Reply(new SimAnswer(SimOutcome.Refused));
            return;
        }

        if (_admission.Kind is not (AdmissionKind.Open or AdmissionKind.NotPrimary))
        {
            request.Reply(new SimAnswer(SimOutcome.Refused));
            return;
        }

        var current = _working.GetValueOrDefault(request.Key);
        if (request.Expected is { } expected && expected != (current?.Version.Sequence ?? 0))
        {
            // What it has seen must be committed before it may be told.
            Answer(current?.Version.Sequence ?? 0, request, new SimAnswer(SimOutcome.ConditionFailed, current));
            return;
        }

        var entry = new SimEntry(
            new KvsVersion(_epoch, node.Disk.Last.Sequence + 1),
            request.Client,
            request.Number,
            request.Key,
            request.Value,
            request.Expected,
            node.Engine.CommitKnown);
        Remember(entry);
        _waiting.Add((entry.Version.Sequence, request, new SimAnswer(SimOutcome.Done, entry)));
        node.Engine.Append(entry);
    }

    private void Answer(ulong sequence, SimRequest request, SimAnswer answer)
    {
        if (sequence <= node.Engine.Published)
        {
            Reply(request, answer);
        }
        else
        {
            _waiting.Add((sequence, request, answer));
        }
    }

    // What a condition saw is the newest state only while nobody else leads, as in the engine (GroupAnswers); what was
    // written was committed, which nobody else could have let happen.
    private void Reply(SimRequest request, SimAnswer answer)
    {
        if (answer.Outcome == SimOutcome.ConditionFailed && !HoldsLease(_epoch))
        {
            request.Reply(new SimAnswer(SimOutcome.NoLease));
            return;
        }

        cluster.Ghost.AcknowledgedBy(node, _epoch);
        request.Reply(answer);
    }

    private bool HoldsLease(ulong epoch) =>
        Lease.From is { } from && Lease.Epoch == epoch && node.Node.LeaseHolds(from, node.Clock.Read());

    // The snapshot first, then the lease, of the same epoch; the process may stand still in between.
    private void Read(SimRequest request)
    {
        var seen = _visible.GetValueOrDefault(request.Key);
        var epoch = Lease.From is null ? 0 : Lease.Epoch;
        node.Soon(0, cluster.Options.ReadCheckMicrosMax, () =>
        {
            var holds = epoch != 0 && HoldsLease(epoch);
            if (holds || !cluster.Options.HasControlPlane)
            {
                request.Reply(holds ? new SimAnswer(SimOutcome.Done, seen) : new SimAnswer(SimOutcome.NoLease));
            }
            else
            {
                Confirm(request);
            }
        });
    }

    // The snapshot first here too, in the state that a primary shows; then the control plane says that it still is one.
    private void Confirm(SimRequest request)
    {
        var seen = _visible.GetValueOrDefault(request.Key);
        var ticket = ++_tickets;
        _unconfirmed[ticket] = isConfirmed => request.Reply(
            isConfirmed ? new SimAnswer(SimOutcome.Done, seen) : new SimAnswer(SimOutcome.NoLease));
        node.Step(new NodeInput.ConfirmReads(ticket));
    }

    private void AnswerHeld()
    {
        var held = _held.ToArray();
        _held.Clear();
        foreach (var request in held)
        {
            node.Soon(0, 10, () => Handle(request));
        }
    }

    private void Remember(SimEntry entry)
    {
        _working[entry.Key] = entry;
        _requests[(entry.Client, entry.RequestNumber)] = entry;
    }
}

/// <summary>A request of a simulated client.</summary>
/// <param name="Client">Who asks.</param>
/// <param name="Number">Its number: the same for all attempts.</param>
/// <param name="Key">The key.</param>
/// <param name="Value">The value; null for a read.</param>
/// <param name="Expected">Sequence that the key must have; null for any.</param>
/// <param name="IsForwarded">Whether another node has sent it on.</param>
/// <param name="Reply">Takes the answer.</param>
internal sealed record SimRequest(
    int Client, int Number, string Key, string Value, ulong? Expected, bool IsForwarded, Action<SimAnswer> Reply)
{
    /// <summary>Whether it reads.</summary>
    internal bool IsRead => Value.Length == 0;
}

/// <summary>An answer.</summary>
/// <param name="Outcome">What came of it.</param>
/// <param name="Entry">The batch that was written, or seen.</param>
internal sealed record SimAnswer(SimOutcome Outcome, SimEntry? Entry = null);

/// <summary>What came of a request.</summary>
internal enum SimOutcome
{
    /// <summary>Done.</summary>
    Done,

    /// <summary>The condition did not hold.</summary>
    ConditionFailed,

    /// <summary>Surely not done: not the primary.</summary>
    NotPrimary,

    /// <summary>Surely not done: too few replicas, too much under way, or no room.</summary>
    Refused,

    /// <summary>No read lease.</summary>
    NoLease,

    /// <summary>May be done.</summary>
    Unknown,
}
