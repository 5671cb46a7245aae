using Kvs.Core.Engines.Commit.Groups;
using Kvs.Core.Engines.Commit.Requests;
using Kvs.Core.Index;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Feed;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Records;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Engines.Members;

/// <summary>
/// Frames of the log that are committed and durable, on their way into the index: read back from the segments, in order,
/// a group's worth at a time. Threading: commit thread only.
/// </summary>
internal sealed class CommittedFrames
{
    /// <summary>Batches at which a group ends: each may hold a few index pages until the group is published.</summary>
    private const int BatchesMax = 8 * 1024;

    private readonly LogFeed _feed;
    private readonly MemberLog _member;
    private readonly KeyIndex _index;
    private readonly CommitGate _gate;
    private readonly GroupApplier _applier;
    private readonly NumberedRequests _requests;
    private LogCursor? _cursor; // null while nothing is to be applied
    private bool _hasFrame; // whether its frame is still to be applied

    internal CommittedFrames(EngineParts parts, GroupApplier applier)
    {
        _feed = parts.Feed;
        _member = parts.Member!;
        _index = parts.Index;
        _gate = parts.Gate;
        _applier = applier;
        _requests = parts.Requests;
    }

    /// <summary>Whether there is a frame to be applied.</summary>
    internal bool HasAny => TryFind(Through());

    /// <summary>Applies frames of one segment, as many as fit into a group.</summary>
    /// <param name="group">The group; nothing is written by it but what is found here.</param>
    internal void Apply(CommitGroup group)
    {
        var through = Through();
        var bytes = 0;
        while (group.Batches < BatchesMax && bytes < Limits.CommitGroupBytesMax && TryFind(through))
        {
            if (group.Batches > 0 && group.SegmentId != _cursor!.SegmentId)
            {
                break; // live bytes are counted by file
            }

            var frame = _cursor!.Frame;
            group.SegmentId = _cursor.SegmentId;
            Apply(group, frame);
            group.Batches += (int)frame.BatchCount;
            bytes += frame.Bytes.Length;
            _applier.Followed(frame.LastSequence, frame.LogTimeMillis);
            _hasFrame = false;
            if (_member.IsMarked(frame.LastSequence))
            {
                break;
            }
        }
    }

    /// <summary>Lets go of the log: it is about to be cut, or written here.</summary>
    internal void Close()
    {
        _cursor?.Dispose();
        _cursor = null;
        _hasFrame = false;
    }

    private ulong Through() => Math.Min(_gate.Committed, _member.Durable.Sequence);

    /// <summary>Stands at the next frame, if all of it may be applied.</summary>
    private bool TryFind(ulong through)
    {
        if (_applier.LastSequence >= through)
        {
            return false;
        }

        if (!_hasFrame)
        {
            _cursor ??= _feed.Open(_applier.LastSequence, static () => { });

            // What is durable is in the log, and what is not published is never compacted.
            Check.That(_cursor.Move() == LogMove.Frame);
            _hasFrame = true;
        }

        return _cursor!.Frame.LastSequence <= through;
    }

    private void Apply(CommitGroup group, in GroupFrame frame)
    {
        foreach (var batch in frame)
        {
            _requests.Applied(batch);
            var records = batch.GetEnumerator();
            while (records.MoveNext())
            {
                Apply(group, records.Current, (uint)(_cursor!.FrameOffset + records.CurrentOffset));
            }
        }
    }

    private void Apply(CommitGroup group, in RecordView record, uint offset)
    {
        IndexEntry previous;
        bool existed;
        switch (record.Kind)
        {
            case RecordKind.Set:
                var location = new RecordLocation(group.SegmentId, offset, (uint)record.Bytes.Length);
                var entry = new IndexEntry(location, record.Sequence, record.ExpiresAtMillis, record.Value.Length);
                existed = _index.Set(record.Key, entry, out previous);
                group.LiveBytes += location.Length;
                break;
            case RecordKind.Remove:
                existed = _index.Remove(record.Key, out previous);
                break;
            default:
                return;
        }

        if (existed)
        {
            group.Dead.Add(new DeadRecord(previous.Location.SegmentId, previous.Location.Length));
        }
    }
}
