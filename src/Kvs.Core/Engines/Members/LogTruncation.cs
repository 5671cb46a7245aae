using Kvs.Core.Engines.Commit.Groups;
using Kvs.Core.Engines.Commit.Room;
using Kvs.Core.Index;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Feed;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Engines.Members;

/// <summary>
/// Removes the end of the log. The manifest, replaced once, gives the segment with the new last frame its end there,
/// forgets the segments behind it and the epochs that began there; the log goes on in a ready segment, whose salt no frame
/// that was removed has. A crash leaves the one manifest or the other. The index is not touched: it knows nothing of what
/// goes. Threading: commit thread only, while nothing is on its way to be published.
/// </summary>
internal sealed class LogTruncation
{
    private readonly ManifestStore _manifests;
    private readonly LogWriter _log;
    private readonly LogRoom _room;
    private readonly LogFeed _feed;
    private readonly LogClock _clock;
    private readonly LogEpochs _epochs;
    private readonly SegmentSupply _supply;
    private readonly KeyIndex _index;
    private readonly CommitGate _gate;

    internal LogTruncation(EngineParts parts)
    {
        _manifests = parts.Manifests;
        _log = parts.Log;
        _room = parts.Room;
        _feed = parts.Feed;
        _clock = parts.Clock;
        _epochs = parts.Epochs;
        _supply = parts.Supply;
        _index = parts.Index;
        _gate = parts.Gate;
    }

    /// <summary>Truncates, or says why not.</summary>
    /// <param name="to">The new end of the log.</param>
    /// <param name="refusal">Why not; null when it is done.</param>
    /// <returns>False while no segment is ready to go on in: the commit loop is woken when to ask again.</returns>
    internal bool TryRun(KvsVersion to, out string? refusal)
    {
        var last = _log.Appended;
        refusal = to == last ? null : Judge(to, last);
        if (to == last)
        {
            _log.Sync();
        }

        if (to == last || refusal is not null)
        {
            return true;
        }

        if (!TryFindEnd(to.Sequence, out var cut, out var logTime))
        {
            refusal = $"no frame of this log ends at sequence {to.Sequence}.";
            return true;
        }

        if (_supply.TryTake(0, mayUseReserve: true, out var next) != RoomResult.Reserved)
        {
            return false;
        }

        refusal = TryCut(to, cut, logTime, next);
        return true;
    }

    private string? Judge(KvsVersion to, KvsVersion last)
    {
        var kept = Math.Max(_index.Published.Sequence, Math.Min(_gate.Committed, last.Sequence));
        if (to.Sequence < kept)
        {
            return $"diverged: sequences up to {kept} are committed here, and the log was to be truncated to {to.Sequence}.";
        }

        return to.Sequence < last.Sequence && to == _epochs.Table.VersionOf(to.Sequence)
            ? null
            : $"version {to} is not in this log, which ends at {last}.";
    }

    /// <summary>Finds the part in which the log is to end, and where in it.</summary>
    /// <param name="sequence">The new last sequence.</param>
    /// <param name="cut">The part, ending there; default when all that can be read goes.</param>
    /// <param name="logTime">Log time there.</param>
    private bool TryFindEnd(ulong sequence, out LogPart cut, out long logTime)
    {
        logTime = _manifests.Current.LogTimeMillis;
        if (!_feed.TryFind(sequence, out cut))
        {
            return true;
        }

        var frames = new FrameCursor(cut.Segment.Bytes(0, (int)cut.End), cut.Segment.Header.Salt);
        while (frames.MoveNext() && frames.Frame.LastSequence <= sequence)
        {
            logTime = Math.Max(logTime, frames.Frame.LogTimeMillis);
            if (frames.Frame.LastSequence == sequence)
            {
                cut = cut with { Last = sequence, End = frames.Position };
                return true;
            }
        }

        return false;
    }

    private string? TryCut(KvsVersion to, LogPart cut, long logTime, Segment next)
    {
        _log.Sync(); // what stays may lie in the segment that is written
        var dropped = _feed.PartsBehind(to.Sequence);
        try
        {
            _manifests.Update(current => Cut(current, to, cut, dropped));
        }
        catch (KvsStorageException e) when (e.Code is ErrorCode.DiskFull or ErrorCode.StorageFailed)
        {
            _supply.Discard(next);
            return e.Message;
        }

        _log.CutTo(to, next);
        _room.CutTo(to.Sequence, logTime);
        _epochs.CutTo(to.Sequence);
        _clock.Follow(logTime);
        _supply.CutTo(to.Sequence, cut.Segment is null ? null : new FullSegment(
            cut.Segment, cut.End, cut.First, to, logTime, _epochs.Table));
        _feed.Cut(to.Sequence, cut.End, next);
        foreach (var part in dropped)
        {
            _supply.Discard(part.Segment);
        }

        return null;
    }

    private static Manifest Cut(Manifest manifest, KvsVersion to, LogPart cut, List<LogPart> dropped)
    {
        if (cut.Segment is not null && manifest.Find(cut.Segment.Id) is { State: FileState.Open } entry)
        {
            manifest = manifest.With(entry with { End = cut.End });
        }

        foreach (var part in dropped)
        {
            manifest = manifest.Without(part.Segment.Id);
        }

        return manifest with
        {
            SyncedThrough = to,
            Epochs = manifest.Epochs.RemoveAll(entry => entry.FirstSequence > to.Sequence),
        };
    }
}
