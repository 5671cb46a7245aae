using System.Diagnostics;
using Kvs.Core.Primitives;

namespace Kvs.Core.Operations;

/// <summary>
/// One request on its way through the write path: a batch of operations that is atomic, and afterwards its result.
/// Threading: written by the maker until it is submitted, by the engine until its item completes, then by the maker.
/// </summary>
internal sealed class WriteRequest
{
    /// <summary>The operations, in order.</summary>
    internal List<Operation> Operations { get; } = new(capacity: 1);

    /// <summary>One result for each operation, when <see cref="Code"/> is none.</summary>
    internal List<OperationResult> Results { get; } = new(capacity: 1);

    /// <summary>The client instance, for exactly-once retries; 0 for none.</summary>
    internal ulong ClientId { get; set; }

    /// <summary>The client's number of this request; 0 for none.</summary>
    internal ulong RequestNumber { get; set; }

    /// <summary>All requests of the client up to this number are answered, or given up: nobody will repeat them.</summary>
    internal ulong DoneThrough { get; set; }

    /// <summary>Which attempt of the client this is; 0 and 1 are the first.</summary>
    internal ushort Attempt { get; set; }

    /// <summary>Milliseconds since the client sent it first, by its clock.</summary>
    internal uint AgeMillis { get; set; }

    /// <summary>Whether another node has forwarded it: it is not forwarded on.</summary>
    internal bool IsForwarded { get; set; }

    /// <summary>Whether the client would rather be told where the primary is than have it forwarded.</summary>
    internal bool WantsRedirect { get; set; }

    /// <summary>A stronger durability than the store's.</summary>
    internal Durability Durability { get; set; }

    /// <summary>When a member of a cluster answers it; a store of its own does not look at it.</summary>
    internal Acknowledgement Acknowledgement { get; set; }

    /// <summary>
    /// Timestamp (of the environment's clock) after which it is dropped unapplied; <see cref="long.MaxValue"/> for never.
    /// </summary>
    internal long Deadline { get; set; } = long.MaxValue;

    /// <summary>Why it failed, or none.</summary>
    internal ErrorCode Code { get; set; }

    /// <summary>What is known of it, when it failed.</summary>
    internal WriteOutcome Outcome { get; set; }

    /// <summary>The text of the failure, or null.</summary>
    internal string? Message { get; set; }

    /// <summary>Refused with <see cref="ErrorCode.NotPrimary"/>: address of the node that takes writes, where it is known.</summary>
    internal string? PrimaryAddress { get; set; }

    /// <summary>The operation that failed (0-based), or -1.</summary>
    internal int FailedIndex { get; set; } = -1;

    /// <summary>Version of the failed operation's key (none: missing), so that a caller may decide anew.</summary>
    internal KvsVersion FailedVersion { get; set; }

    /// <summary>Whether it was refused for what the store holds: then the refusal says what the state is.</summary>
    internal bool IsRefusedByState { get; set; }

    /// <summary>The version that the batch made; none when it changed nothing.</summary>
    internal KvsVersion Version { get; set; }

    /// <summary>Whether it was applied before, and is answered with the results of that.</summary>
    internal bool IsRepeated { get; set; }

    /// <summary>Whether it is known, although this is not its first attempt, that none before was applied.</summary>
    internal bool IsKnownNew { get; set; }

    /// <summary>
    /// Marks the request as failed. Of a repetition that is refused before anybody has looked whether it was applied, the
    /// outcome is unknown, however sure it is that nothing was done now.
    /// </summary>
    /// <param name="code">Why.</param>
    /// <param name="outcome">What is known.</param>
    /// <param name="message">The text.</param>
    internal void Fail(ErrorCode code, WriteOutcome outcome, string message)
    {
        Code = code;
        Outcome = outcome == WriteOutcome.NotApplied && Attempt > 1 && !IsKnownNew && SaysNothingOfEarlier(code)
            ? WriteOutcome.Unknown
            : outcome;
        Message = message;
        IsRefusedByState = false;
        Results.Clear();
    }

    /// <summary>Makes it ready for another use.</summary>
    internal void Clear()
    {
        Operations.Clear();
        Results.Clear();
        ClientId = 0;
        RequestNumber = 0;
        DoneThrough = 0;
        Attempt = 0;
        AgeMillis = 0;
        IsForwarded = false;
        WantsRedirect = false;
        IsRepeated = false;
        IsKnownNew = false;
        Durability = Durability.Default;
        Acknowledgement = Acknowledgement.Default;
        PrimaryAddress = null;
        Deadline = long.MaxValue;
        Code = ErrorCode.None;
        Outcome = WriteOutcome.Applied;
        Message = null;
        FailedIndex = -1;
        FailedVersion = default;
        IsRefusedByState = false;
        Version = default;
    }

    /// <summary>What would have been refused at the first attempt too is no state of the server, nor was it applied then.</summary>
    private static bool SaysNothingOfEarlier(ErrorCode code) => code is not (
        ErrorCode.InvalidArgument or ErrorCode.KeyTooLarge or ErrorCode.ValueTooLarge or ErrorCode.BatchTooLarge)
        && !ErrorCodes.IsVerdict(code);
}

/// <summary>When a member of a cluster answers a write.</summary>
internal enum Acknowledgement
{
    /// <summary>As the member is configured.</summary>
    Default = 0,

    /// <summary>When it is durable on this node: a failover may lose it, and readers do not see it before it is committed.</summary>
    Local = 1,

    /// <summary>When it is committed.</summary>
    Committed = 2,
}

/// <summary>Who waits for a work item.</summary>
internal interface IWorkItemOwner
{
    /// <summary>
    /// All requests of the item have their results, and what they saw is as durable as promised. Runs on a thread of the
    /// engine: must not block and must not throw.
    /// </summary>
    /// <param name="item">The item, which is the owner's again.</param>
    void Completed(WorkItem item);
}

/// <summary>Who looks at a work item that an engine has completed before its owner gets it back.</summary>
internal interface IWorkItemDetour
{
    /// <summary>
    /// Takes the item, to complete it later, or leaves it to its owner. Runs on a thread of the engine: must not block and
    /// must not throw.
    /// </summary>
    /// <param name="item">The item.</param>
    /// <returns>False when the owner shall have it as it is.</returns>
    bool TryTake(WorkItem item);
}

/// <summary>Who sees each work item that completes, with its results, before its owner does.</summary>
internal interface IWorkItemWitness
{
    /// <summary>Sees an item. Runs on a thread of the engine: must not block and must not throw.</summary>
    /// <param name="item">The item.</param>
    void Saw(WorkItem item);
}

/// <summary>Where work comes from, for people. Immutable; one for each connection.</summary>
/// <param name="Door">Name of the door.</param>
/// <param name="Client">Address of the client.</param>
internal sealed record WorkOrigin(string Door, string Client);

/// <summary>
/// What a door hands to an engine at once: the writes (and reads that must see them) of a whole pipelined burst, in order.
/// One item, one queue operation, one completion.
/// </summary>
/// <param name="owner">Who waits for it.</param>
internal sealed class WorkItem(IWorkItemOwner owner)
{
    private int _cutAt = int.MaxValue;

    /// <summary>The requests, in order.</summary>
    internal List<WriteRequest> Requests { get; } = [];

    /// <summary>Values that the results point into. Written by the engine, read by the owner after completion.</summary>
    internal ResultBuffer ResultBytes { get; } = new();

    /// <summary>
    /// Requests that were judged, from the first on: all of them, unless the values of one did not fit into
    /// <see cref="ResultBytes"/> any more. That one and all behind it are untouched, so that order is kept, and are
    /// their owner's to hand over again; <see cref="ResultBuffer.Wanted"/> says what the first of them needs.
    /// </summary>
    internal int Judged => Math.Min(_cutAt, Requests.Count);

    /// <summary>Bytes of keys and values in it: what the bounded queue counts.</summary>
    internal long QueuedBytes { get; set; }

    /// <summary>The next item, for intrusive lists of the engine that holds it.</summary>
    internal WorkItem? Next { get; set; }

    /// <summary>Who looks at it before the owner gets it back, once; null for nobody.</summary>
    internal IWorkItemDetour? Detour { get; set; }

    /// <summary>Who sees it when it completes; null for nobody.</summary>
    internal IWorkItemWitness? Witness { get; set; }

    /// <summary>Timestamp at which it was handed over.</summary>
    internal long SubmittedAt { get; set; }

    /// <summary>Timestamp at which it began to wait for room, before it could be handed over; 0 when it did not.</summary>
    internal long WaitsSince { get; set; }

    /// <summary>Where it comes from; null when the door does not say.</summary>
    internal WorkOrigin? Origin { get; set; }

    /// <summary>The activity that it belongs to, while somebody listens to activities.</summary>
    internal ActivityContext Activity { get; set; }

    /// <summary>Leaves a request and all behind it unjudged. The engine completes the item as it is.</summary>
    /// <param name="index">The request.</param>
    internal void CutAt(int index) => _cutAt = index;

    /// <summary>Makes it ready to be handed over, for the first time or with what was left.</summary>
    internal void Renew()
    {
        _cutAt = int.MaxValue;
        ResultBytes.Clear();
    }

    /// <summary>Hands the item back to its owner.</summary>
    internal void Complete()
    {
        var detour = Detour;
        Detour = null;
        if (detour is null || !detour.TryTake(this))
        {
            Witness?.Saw(this);
            owner.Completed(this);
        }
    }
}
