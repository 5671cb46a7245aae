using System.Buffers;
using Kvs.Core.Index;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Engines.Commit.Groups;

/// <summary>
/// The working state of the log engine while a group is applied: the index's working root for what is where, the group
/// that is being built for what is not yet in a file. Each change goes to both, and can be taken back batch by batch.
/// Its job ends at the buffer: it neither gives sequences nor writes files. Threading: commit thread only.
/// </summary>
internal sealed class LogBatchState : IBatchState
{
    /// <summary>A value of rare size must not hold its memory for ever.</summary>
    private const int ScratchBytesKept = 1024 * 1024;

    private readonly KeyIndex _index;
    private readonly SegmentSet _segments;
    private readonly LogEpochs _epochs;
    private readonly GroupBuilder _frame;
    private readonly UndoList _undo = new();
    private ArrayBufferWriter<byte> _scratch = new();
    private IndexEntry _found;
    private CommitGroup _group = null!;
    private uint _segmentId;
    private long _groupOffset;
    private ulong _sequence;
    private RequestOrigin _origin;
    private bool _hasChanges;
    private int _deadBefore;
    private long _liveBefore;

    internal LogBatchState(KeyIndex index, SegmentSet segments, LogEpochs epochs, GroupBuilder frame, int valueBytesMax)
    {
        _index = index;
        _segments = segments;
        _epochs = epochs;
        _frame = frame;
        ValueBytesMax = valueBytesMax;
    }

    /// <inheritdoc/>
    public long LogTimeMillis { get; private set; }

    /// <inheritdoc/>
    public bool IsTooLarge => _hasChanges && _frame.BatchBytes > Limits.BatchRecordBytesMax;

    /// <inheritdoc/>
    public int ValueBytesMax { get; }

    /// <summary>Whether the batch has written a record.</summary>
    internal bool HasChanges => _hasChanges;

    /// <summary>Begins a group.</summary>
    /// <param name="group">Gets the accounts of live and dead bytes.</param>
    /// <param name="logTimeMillis">Log time; it may advance before the first record of the group.</param>
    internal void BeginGroup(CommitGroup group, long logTimeMillis)
    {
        Check.That(!_hasChanges);
        _group = group;
        _groupOffset = long.MaxValue;
        MoveTime(logTimeMillis);
    }

    /// <summary>Forgets a batch that a fault has left half applied; the index has dropped it already.</summary>
    internal void Reset(long logTimeMillis)
    {
        _undo.Clear();
        _hasChanges = false;
        BeginGroup(new CommitGroup(), logTimeMillis);
    }

    /// <summary>Moves log time within a group, before anything was written in it.</summary>
    internal void MoveTime(long logTimeMillis) => LogTimeMillis = logTimeMillis;

    /// <summary>Says where the group's bytes will lie: known when room for them is reserved.</summary>
    /// <param name="segmentId">The segment.</param>
    /// <param name="offset">Where the group's envelope will stand.</param>
    internal void PlaceGroup(uint segmentId, long offset)
    {
        _segmentId = segmentId;
        _groupOffset = offset;
        _group.SegmentId = segmentId;
    }

    /// <summary>Begins a batch. It takes its sequence only if it changes something.</summary>
    /// <param name="sequence">The sequence that it would take.</param>
    /// <param name="origin">Who asked for it.</param>
    internal void BeginBatch(ulong sequence, in RequestOrigin origin)
    {
        Check.That(!_hasChanges);
        _sequence = sequence;
        _origin = origin;
        _deadBefore = _group.Dead.Count;
        _liveBefore = _group.LiveBytes;
    }

    /// <summary>Keeps the batch, which has changed something.</summary>
    /// <param name="result">What the log keeps for repetitions of the request.</param>
    internal void EndBatch(ReadOnlySpan<byte> result = default)
    {
        Check.That(_hasChanges);
        _frame.EndBatch(result);
        _undo.Clear();
        _hasChanges = false;
    }

    /// <inheritdoc/>
    public bool TryFind(ReadOnlySpan<byte> key, out EntryInfo info)
    {
        if (!_index.TryFind(key, out _found) || !_found.IsVisibleAt(LogTimeMillis))
        {
            info = default;
            return false;
        }

        info = _epochs.Table.InfoOf(_found);
        return true;
    }

    /// <inheritdoc/>
    public string? CopyValue(ReadOnlySpan<byte> key, IBufferWriter<byte> target)
    {
        if (!IsInGroup(_found.Location))
        {
            return _segments.ReadValue(_found.Location, key, target);
        }

        var record = _frame.Record(SliceOf(_found.Location));
        target.Write(record.Value);
        return record.ContentTypeText;
    }

    /// <inheritdoc/>
    public void Set(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long expiresAtMillis, string? contentType)
    {
        EnsureBatch();
        var location = LocationOf(_frame.AddSet(key, value, expiresAtMillis, contentType));
        var existed = _index.Set(key, new IndexEntry(location, _sequence, expiresAtMillis, value.Length), out var previous);
        _group.LiveBytes += location.Length;
        NoteReplaced(key, existed, previous);
    }

    /// <inheritdoc/>
    public void SetExpiry(ReadOnlySpan<byte> key, long expiresAtMillis)
    {
        // The record carries its expiry, so the value is written once more; through a copy, since it may lie in the
        // very buffer that grows.
        var contentType = CopyValue(key, _scratch);
        Set(key, _scratch.WrittenSpan, expiresAtMillis, contentType);
        if (_scratch.Capacity > ScratchBytesKept)
        {
            _scratch = new ArrayBufferWriter<byte>();
        }
        else
        {
            _scratch.ResetWrittenCount();
        }
    }

    /// <inheritdoc/>
    public void Remove(ReadOnlySpan<byte> key)
    {
        EnsureBatch();
        _frame.AddRemove(key);
        var existed = _index.Remove(key, out var previous);
        Check.That(existed);
        NoteReplaced(key, existed, previous);
    }

    /// <inheritdoc/>
    public void RollBack()
    {
        if (!_hasChanges)
        {
            return;
        }

        _undo.RollBack(_index);
        _frame.RollBackBatch();
        _group.Dead.RemoveRange(_deadBefore, _group.Dead.Count - _deadBefore);
        _group.LiveBytes = _liveBefore;
        _hasChanges = false;
    }

    private void EnsureBatch()
    {
        if (!_hasChanges)
        {
            _frame.BeginBatch(_sequence, _origin);
            _hasChanges = true;
        }
    }

    private void NoteReplaced(ReadOnlySpan<byte> key, bool existed, in IndexEntry previous)
    {
        _undo.Note(key, existed, previous);
        if (existed)
        {
            _group.Dead.Add(new DeadRecord(previous.Location.SegmentId, previous.Location.Length));
        }
    }

    private bool IsInGroup(in RecordLocation location) =>
        location.SegmentId == _segmentId && location.Offset >= _groupOffset;

    private RecordLocation LocationOf(in GroupSlice slice) =>
        new(_segmentId, (uint)(_groupOffset + slice.Offset), (uint)slice.Length);

    private GroupSlice SliceOf(in RecordLocation location) =>
        new((int)(location.Offset - _groupOffset), (int)location.Length);
}
