using System.Buffers;
using Kvs.Core.Engines.Commit.Groups;
using Kvs.Core.Engines.Commit.Room;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Engines.Memory;

/// <summary>
/// An engine without files: for caches and tests. Everything is gone when it closes, so durability means nothing here.
/// Threading: readers load the published root and take no lock; writers take one short lock, apply a whole item on
/// their own thread and complete it after the lock. A timer removes what expires while nobody writes.
/// </summary>
internal sealed class MemoryEngine : IKvEngine
{
    private const string FullText =
        "The store has all the memory that it may have (memory-limit): the write was not applied. Reads and removals go on. "
        + "Retry when keys are gone, or give the server more memory.";

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly WriteLimits _limits;
    private readonly SnapshotLedger _snapshots;
    private readonly ulong _epoch;
    private readonly MemoryState _state; // guarded by _gate
    private readonly LogClock _clock; // guarded by _gate
    private readonly ITimer _timer; // guarded by _gate
    private MemoryRoot _root; // published: Volatile
    private ulong _sequence; // guarded by _gate
    private long _tickAtMillis; // guarded by _gate; 0: the timer is off
    private long _batches; // guarded by _gate
    private long _groups; // guarded by _gate
    private long _expired; // guarded by _gate
    private bool _closed; // guarded by _gate

    /// <summary>Opens an empty store.</summary>
    /// <param name="time">Clocks and timers.</param>
    /// <param name="random">Draws the epoch's nonce; not kept.</param>
    /// <param name="limits">Limits of a request.</param>
    internal MemoryEngine(TimeProvider time, Random random, in WriteLimits limits)
    {
        _time = time;
        _limits = limits;
        _state = new MemoryState(limits.ValueBytesMax);
        _snapshots = new SnapshotLedger(time);

        // Reign 1, for there is no earlier one; the nonce tells this store from others of the same process.
        _epoch = (1UL << 32) | (uint)random.NextInt64(1L << 32);
        _clock = new LogClock(time, 0);
        _state.AdvanceTo(_clock.NowMillis());
        _root = _state.Freeze(new KvsVersion(_epoch, 0));
        _timer = time.CreateTimer(
            static engine => ((MemoryEngine)engine!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    public string Name => "memory";

    /// <inheritdoc/>
    public KvsVersion Version => Volatile.Read(ref _root).Version;

    /// <inheritdoc/>
    public bool Includes(KvsVersion version) => version.Epoch == _epoch && version.Sequence <= Version.Sequence;

    /// <inheritdoc/>
    public void Submit(WorkItem item)
    {
        lock (_gate)
        {
            AdvanceLocked();
            for (var i = 0; i < item.Judged; i++)
            {
                if (!ApplyLocked(item.Requests[i], item.ResultBytes))
                {
                    item.CutAt(i);
                }
            }

            _groups++;
            PublishLocked();
        }

        item.Complete();
    }

    /// <inheritdoc/>
    public bool TryGet(ReadOnlySpan<byte> key, IBufferWriter<byte>? value, out EntryInfo info) =>
        Volatile.Read(ref _root).TryGet(key, value, out info);

    /// <inheritdoc/>
    public PointRead Get(ReadOnlySpan<byte> key, IBufferWriter<byte>? value, in ReadBounds bounds, out EntryInfo info) =>
        Volatile.Read(ref _root).Get(key, value, bounds, out info);

    /// <inheritdoc/>
    public IEngineSnapshot Snapshot() => new MemorySnapshot(Volatile.Read(ref _root), _snapshots.Add());

    /// <inheritdoc/>
    public StoreStats Stats()
    {
        lock (_gate)
        {
            return new StoreStats
            {
                Engine = Name,
                Version = _root.Version,
                Keys = _root.Entries.Count,
                LiveBytes = _root.LiveBytes,
                Batches = _batches,
                Groups = _groups,
                Expired = _expired,
                Snapshots = _snapshots.Count,
                OldestSnapshot = _snapshots.OldestAge,
            };
        }
    }

    /// <inheritdoc/>
    public Task CompactAsync(CancellationToken cancellationToken) => Task.FromException(new KvsException(
        ErrorCode.NotSupported, "The memory engine has no files to compact; what is removed is free at once."));

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _closed = true;
        }

        return _timer.DisposeAsync();
    }

    /// <summary>Judges a request, and applies it unless it is refused.</summary>
    /// <returns>False when the values that it gives back do not fit.</returns>
    private bool ApplyLocked(WriteRequest request, ResultBuffer results)
    {
        if (_closed)
        {
            request.Fail(ErrorCode.ShuttingDown, WriteOutcome.NotApplied, "The store is closed; nothing was applied.");
            return true;
        }

        if (!RequestAdmission.TryAdmit(request, _limits, out _)
            || !RequestAdmission.IsInTime(request, _time.GetTimestamp()))
        {
            return true;
        }

        if (_limits.MemoryBytesMax > 0 && _state.MemoryBytes >= _limits.MemoryBytesMax
            && RequestDemand.Of(request, _state) is { Writes: true, MayUseReserve: false })
        {
            request.Fail(ErrorCode.Overloaded, WriteOutcome.NotApplied, FullText);
            return true;
        }

        var version = new KvsVersion(_epoch, _sequence + 1);
        _state.BeginBatch(version);
        var outcome = OperationApplier.Apply(_state, request, results);
        if (outcome == ApplyOutcome.Changed)
        {
            request.Version = version;
            _sequence++;
            _batches++;
        }

        return outcome != ApplyOutcome.NoRoom;
    }

    private void Tick()
    {
        lock (_gate)
        {
            _tickAtMillis = 0;
            if (!_closed)
            {
                AdvanceLocked();
                PublishLocked();
            }
        }
    }

    /// <summary>Moves the log time on. Removals of expired keys are a batch: equal versions mean equal content.</summary>
    private void AdvanceLocked()
    {
        var removed = _state.AdvanceTo(_clock.NowMillis());
        if (removed > 0)
        {
            _sequence++;
            _expired += removed;
        }
    }

    private void PublishLocked()
    {
        Volatile.Write(ref _root, _state.Freeze(new KvsVersion(_epoch, _sequence)));
        ScheduleLocked();
    }

    /// <summary>
    /// Sets the timer to the earliest expiry, but a whole tick ahead at least: keys that expire one after the other are
    /// removed together, at most one tick late.
    /// </summary>
    private void ScheduleLocked()
    {
        var earliest = _state.EarliestExpiryMillis;
        var now = _state.LogTimeMillis;
        var due = earliest == 0 ? 0 : Math.Max(earliest, now + (long)Limits.ExpiryTick.TotalMilliseconds);
        if (due == 0 || _closed)
        {
            return;
        }

        // A tick that is set already and comes too early (its key was written anew) sets the next one.
        if (_tickAtMillis == 0 || due < _tickAtMillis)
        {
            _tickAtMillis = due;

            // A timer takes 49 days at most; waking for nothing then does no harm.
            var wait = TimeSpan.FromMilliseconds(Math.Min(due - now, int.MaxValue));
            _timer.Change(wait, Timeout.InfiniteTimeSpan);
        }
    }
}
