using System.Collections.Immutable;
using Kvs.Core.Engines.Commit.Room;
using Kvs.Core.Index;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Copies;
using Kvs.Core.Storage.Feed;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Records;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Engines.Members;

/// <summary>
/// The side of a member's log that replication sees: orders on their way to the commit thread, events on their way back,
/// and where things stand. It carries nothing out itself. Threading: as <see cref="IMemberLog"/>; the rest is marked.
/// </summary>
internal sealed class MemberLog : IMemberLog
{
    private readonly MemberOptions _options;
    private readonly Durability _durability;
    private readonly ManifestStore _manifests;
    private readonly SegmentFiles _files;
    private readonly SegmentSet _segments;
    private readonly LogWriter _log;
    private readonly LogFeed _feed;
    private readonly KeyIndex _index;
    private readonly LogEpochs _epochs;
    private readonly LogRoom _room;
    private readonly CommitGate _gate;
    private readonly EngineThreads _threads;
    private readonly Lock _orderGate = new();
    private readonly Queue<Order> _orders = new(); // guarded by _orderGate
    private KvsVersion _toldDurable; // sync thread only
    private ulong _toldApplied; // sync thread only
    private bool _isLeading; // published: Volatile
    private Refusal? _admission; // published: Volatile
    private Mark? _mark; // Interlocked

    internal MemberLog(MemberOptions options, EngineParts parts, bool wasTailCut)
    {
        _options = options;
        _durability = parts.Options.Durability;
        WasTailCut = wasTailCut;
        _files = parts.Files;
        _segments = parts.Segments;
        _log = parts.Log;
        _feed = parts.Feed;
        _manifests = parts.Manifests;
        _index = parts.Index;
        _epochs = parts.Epochs;
        _room = parts.Room;
        _gate = parts.Gate;
        _threads = parts.Threads;
        CompleteFrom = parts.Manifests.Current.CommitSequence;
        _toldDurable = parts.Log.Synced;
        _toldApplied = parts.Index.Published.Sequence;
    }

    /// <inheritdoc/>
    public UInt128 StoreId => _manifests.Current.StoreId;

    /// <inheritdoc/>
    public UInt128 Incarnation => _manifests.Current.Incarnation;

    /// <inheritdoc/>
    public ClusterMembership Membership => _manifests.Current.Membership!;

    /// <inheritdoc/>
    public EpochPromise Promise => new(_manifests.Current.PromisedEpoch, _manifests.Current.PromisedTo);

    /// <inheritdoc/>
    public bool WasTailCut { get; }

    /// <inheritdoc/>
    public bool IsLeading => Volatile.Read(ref _isLeading);

    /// <inheritdoc/>
    public ImmutableArray<EpochEntry> Epochs => _epochs.Table.Entries;

    /// <inheritdoc/>
    public KvsVersion Last => _log.Appended;

    /// <inheritdoc/>
    public KvsVersion Durable => _durability == Durability.Always ? _log.Synced : _log.Appended;

    /// <inheritdoc/>
    public bool MayHaveLost => _manifests.Current.MayHaveLost;

    /// <inheritdoc/>
    public ulong Committed => _gate.Committed;

    /// <inheritdoc/>
    public ulong Applied => _index.Published.Sequence;

    /// <inheritdoc/>
    public ulong CompleteFrom { get; }

    /// <inheritdoc/>
    public long LogTimeMillis => _room.LogTimeMillis;

    /// <inheritdoc/>
    public ulong FirstStreamable => _feed.FirstStreamable;

    /// <inheritdoc/>
    public void AppendFrames(ReadOnlyMemory<byte> frames) => Add(new Order(MemberOrder.AppendFrames) { Frames = frames });

    /// <inheritdoc/>
    public void Commit(ulong sequence)
    {
        if (_gate.Raise(sequence))
        {
            // The sync thread publishes what a primary has waiting, the commit thread applies what a follower has.
            _threads.Sync.Wake();
            _threads.Commit.Wake();
        }
    }

    /// <inheritdoc/>
    public void Lead(ulong epoch, EpochReason reason) =>
        Add(new Order(MemberOrder.Lead) { Version = new KvsVersion(epoch, 0), Reason = reason });

    /// <inheritdoc/>
    public void Follow(string reason, string? primaryAddress) =>
        Add(new Order(MemberOrder.Follow) { Text = reason, Address = primaryAddress });

    /// <inheritdoc/>
    public void Truncate(KvsVersion to) => Add(new Order(MemberOrder.Truncate) { Version = to });

    /// <inheritdoc/>
    public void StoreRecord(EpochPromise promise, ClusterMembership membership, UInt128 incarnation) => Add(
        new Order(MemberOrder.StoreRecord)
        {
            Version = new KvsVersion(promise.Epoch, 0),
            Text = promise.Candidate,
            Membership = membership,
            Incarnation = incarnation,
        });

    /// <inheritdoc/>
    public void Hold(bool isHeld) => Add(new Order(MemberOrder.Hold) { IsHeld = isHeld });

    /// <inheritdoc/>
    public void Admit(Refusal? refusal) => Volatile.Write(ref _admission, refusal);

    /// <inheritdoc/>
    public void MarkState(ulong sequence, Action<MarkedState> reached)
    {
        Interlocked.Exchange(ref _mark, new Mark(sequence, reached));
        _threads.Sync.Wake();
    }

    /// <inheritdoc/>
    public LogCursor OpenCursor(ulong afterSequence, Action grown) => _feed.Open(afterSequence, grown);

    /// <inheritdoc/>
    public BaseCopy OpenBaseCopy() => BaseCopy.Open(_manifests, _files, _segments, _feed);

    /// <inheritdoc/>
    public BaseCopyReceiver ReceiveBaseCopy(ReadOnlySpan<byte> manifest) => new(_files, _manifests, manifest);

    /// <summary>The oldest order that is not carried out. Commit thread.</summary>
    internal bool TryPeek(out Order order)
    {
        lock (_orderGate)
        {
            return _orders.TryPeek(out order);
        }
    }

    /// <summary>The oldest order is carried out, or refused. Commit thread.</summary>
    internal void Done()
    {
        lock (_orderGate)
        {
            _orders.Dequeue();
        }
    }

    /// <summary>Why a primary does not take a write; null when it does. A write asks all nodes for its durability.</summary>
    /// <param name="request">The write.</param>
    internal Refusal? RefusalOf(WriteRequest request) =>
        Volatile.Read(ref _admission) ?? (request.Durability > _durability ? Refusal.TooDurable : null);

    /// <summary>Notes the role. Commit thread.</summary>
    internal void SetLeading(bool isLeading) => Volatile.Write(ref _isLeading, isLeading);

    /// <summary>Tells of something. Threads of the engine.</summary>
    internal void Tell(in MemberEvent happened) => _options.Events(happened);

    /// <summary>
    /// Held while the log is cut and that is told, and while its durability is looked up and told: what was durable before
    /// a cut is never told behind it, when other frames may have taken its place.
    /// </summary>
    internal Lock DurabilityGate { get; } = new();

    /// <summary>Tells how far the log is durable, when that is news. Sync thread.</summary>
    internal void NoteDurable()
    {
        lock (DurabilityGate)
        {
            var durable = Durable;
            if (durable != _toldDurable)
            {
                _toldDurable = durable;
                Tell(new MemberEvent(MemberEventKind.Durable, durable));
            }
        }
    }

    /// <summary>Tells how far readers see, when that is news. Sync thread.</summary>
    internal void NoteApplied(ulong sequence)
    {
        if (sequence != _toldApplied)
        {
            _toldApplied = sequence;
            Tell(new MemberEvent(MemberEventKind.Applied, new KvsVersion(0, sequence)));
        }
    }

    /// <summary>Whether the state at a sequence is to be had: then it must be published by itself. Any thread.</summary>
    /// <param name="sequence">End of a frame.</param>
    internal bool IsMarked(ulong sequence) => Volatile.Read(ref _mark)?.Sequence == sequence;

    /// <summary>Gives the marked state out, if it is the published one. Sync thread, which alone publishes.</summary>
    internal void TakeMarked()
    {
        var published = _index.Published.Sequence;
        if (Volatile.Read(ref _mark) is { } mark
            && mark.Sequence <= published
            && Interlocked.CompareExchange(ref _mark, null, mark) == mark
            && mark.Sequence == published
            && published >= CompleteFrom)
        {
            mark.Reached(new MarkedState(_index.Lease()));
        }
    }

    private void Add(in Order order)
    {
        lock (_orderGate)
        {
            _orders.Enqueue(order);
        }

        _threads.Commit.Wake();
    }

    /// <summary>A state that is waited for.</summary>
    /// <param name="Sequence">Its sequence.</param>
    /// <param name="Reached">Who gets it.</param>
    private sealed record Mark(ulong Sequence, Action<MarkedState> Reached);

    /// <summary>An order and what it says.</summary>
    /// <param name="Kind">The order.</param>
    internal readonly record struct Order(MemberOrder Kind)
    {
        internal ReadOnlyMemory<byte> Frames { get; init; }

        internal KvsVersion Version { get; init; }

        internal EpochReason Reason { get; init; }

        internal string? Text { get; init; }

        internal string? Address { get; init; }

        internal ClusterMembership? Membership { get; init; }

        internal bool IsHeld { get; init; }

        internal UInt128 Incarnation { get; init; }
    }
}
