using System.Collections.Immutable;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Storage.Recovery;

/// <summary>
/// Brings the log of a store into a state that can be written again: judges it, makes the judgement durable, begins an
/// epoch. After a clean close the log goes on where it ended. Otherwise nothing unproven is believed: frames beyond the
/// proven end are copied into a new segment and synced there, the old segment's end goes into the manifest, and writing
/// goes on in the new segment, whose salt makes everything left behind void.
/// A crash at any point of it leaves the old manifest or the new one, and either is whole. A refusal changes nothing.
/// On a disk without room for that the log goes on in its old place: recovery needs no free byte, whatever the store.
/// Threading: at open, one thread.
/// </summary>
internal sealed class LogRecovery
{
    private readonly IFileSystem _files;
    private readonly SegmentFiles _segmentFiles;
    private readonly ManifestStore _manifests;
    private readonly StoreRandom _random;

    /// <summary>Works on a locked store directory.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="segmentFiles">The store directory.</param>
    /// <param name="manifests">Its manifest.</param>
    /// <param name="random">Draws salts and the epoch's nonce.</param>
    internal LogRecovery(IFileSystem files, SegmentFiles segmentFiles, ManifestStore manifests, StoreRandom random)
    {
        _files = files;
        _segmentFiles = segmentFiles;
        _manifests = manifests;
        _random = random;
    }

    /// <summary>Recovers the log and begins an epoch, as each standalone open does.</summary>
    /// <returns>Where writing goes on. Everything up to there is on stable storage.</returns>
    /// <exception cref="KvsCorruptionException">
    /// Data that may have been acknowledged is damaged; nothing was changed.
    /// </exception>
    /// <exception cref="KvsStorageException">A file operation failed.</exception>
    internal RecoveredLog Recover()
    {
        try
        {
            var manifest = _manifests.Current;
            var logs = OpenLog.Of(_files, _segmentFiles, manifest);
            var verdict = LogScan.Judge(logs, manifest, _segmentFiles.PathOf(StoreFiles.Manifest));
            var wasClean = manifest.CleanShutdown
                && verdict.Last == manifest.SyncedThrough
                && verdict.LastExtent >= 0
                && !verdict.TailIsTorn;
            var recovered = wasClean ? GoOn(verdict) : StartAnewOrInPlace(verdict, logs);
            _segmentFiles.DeleteLeftovers(_manifests.Current);
            return recovered;
        }
        catch (IOException cause)
        {
            throw StorageFailure.Failed("Recovering the log", cause);
        }
    }

    private RecoveredLog GoOn(LogVerdict verdict)
    {
        var manifest = _manifests.UpdateNowOrLater(current => BeginEpoch(current, verdict));
        var active = verdict.Extents[verdict.LastExtent];
        return new RecoveredLog
        {
            Verdict = verdict,
            Epoch = manifest.NewestEpoch,
            ActiveId = active.Identity.Id,
            ActiveOffset = active.End,
            ReadyIds = [.. verdict.Extents.Skip(verdict.LastExtent + 1).Select(extent => extent.Identity.Id)],
        };
    }

    private RecoveredLog StartAnewOrInPlace(LogVerdict verdict, List<OpenLog> logs)
    {
        try
        {
            return StartAnew(verdict, logs);
        }
        catch (KvsStorageException full) when (full.Code == ErrorCode.DiskFull && verdict.LastExtent >= 0)
        {
            _segmentFiles.DeleteLeftovers(_manifests.Current);
            SettleInPlace(verdict, logs);
            return GoOn(verdict);
        }
    }

    /// <summary>
    /// Makes the log durable where it stands, in blocks that it has already. Frames beyond the proven end are written
    /// once more before the sync, which alone would prove nothing if one has failed before. A torn tail becomes zeros:
    /// it has this log's salt, and must never follow what is written next.
    /// </summary>
    private void SettleInPlace(LogVerdict verdict, List<OpenLog> logs)
    {
        for (var i = verdict.LastExtent; i < logs.Count; i++)
        {
            var extent = verdict.Extents[i];
            using var file = _files.Open(logs[i].Path, writable: true);
            file.Write(extent.ProvenEnd, logs[i].Load().AsSpan((int)extent.ProvenEnd..(int)extent.End));
            SegmentFiles.Fill(file, extent.End, verdict.TailIsTorn ? logs[i].Capacity : extent.End);
        }
    }

    private RecoveredLog StartAnew(LogVerdict verdict, List<OpenLog> logs)
    {
        var copied = CopyUnproven(verdict, logs);
        var header = CreateActive(copied, out var offset);
        var manifest = _manifests.Update(current => BeginEpoch(Settle(current, verdict, header), verdict));
        return new RecoveredLog
        {
            Verdict = verdict,
            Epoch = manifest.NewestEpoch,
            ActiveId = header.SegmentId,
            ActiveOffset = offset,
            ReadyIds = [],
        };
    }

    /// <summary>The frames that nothing proves to be synced, each with the envelope that was before it.</summary>
    private static (ReadOnlyMemory<byte> Bytes, ulong Salt, long Offset, KvsVersion Proven) CopyUnproven(
        LogVerdict verdict, List<OpenLog> logs)
    {
        if (verdict.LastExtent < 0)
        {
            return (default, 0, 0, verdict.Proven);
        }

        var extent = verdict.Extents[verdict.LastExtent];
        return extent.ProvenEnd == extent.End
            ? (default, 0, 0, verdict.Proven)
            : (logs[verdict.LastExtent].Load().AsMemory(0, (int)extent.End), extent.Identity.Salt, extent.ProvenEnd,
                verdict.Proven);
    }

    private SegmentHeader CreateActive(
        (ReadOnlyMemory<byte> Bytes, ulong Salt, long Offset, KvsVersion Proven) unproven, out long offset)
    {
        var manifest = _manifests.Current;
        var groupBytes = unproven.Bytes.Length - unproven.Offset;
        var capacity = SegmentSizing.SegmentBytesMin + SegmentSizing.ForGroup(groupBytes) - SegmentHeader.Bytes;
        var header = new SegmentHeader(
            SegmentKind.Log, manifest.StoreId, _manifests.TakeFileId(), manifest.NewestEpoch, unproven.Proven.Sequence,
                _random.NextSalt(), capacity);
        using var segment = _segmentFiles.CreateLog(header);
        offset = SegmentHeader.Bytes;
        if (!unproven.Bytes.IsEmpty)
        {
            offset = CopyFrames(unproven.Bytes.Span, unproven.Salt, unproven.Offset, segment, unproven.Proven);
            segment.File.SyncData();
        }

        return header;
    }

    private static long CopyFrames(ReadOnlySpan<byte> source, ulong salt, long from, Segment target, KvsVersion proven)
    {
        var cursor = new FrameCursor(source, salt, from);
        var offset = (long)SegmentHeader.Bytes;
        var envelope = new byte[Envelope.Bytes];
        while (cursor.MoveNext())
        {
            (cursor.Envelope with { SyncedThrough = proven }).Write(envelope, target.Header.Salt, offset);
            target.File.Write(offset, envelope);
            target.File.Write(offset + Envelope.Bytes, cursor.Frame.Bytes);
            offset += Envelope.Bytes + cursor.Frame.Bytes.Length;
        }

        Check.That(cursor.Position == source.Length);
        return offset;
    }

    /// <summary>
    /// The manifest after the cut: what is proven is sealed at its end, the rest is dropped or copied.
    /// </summary>
    private static Manifest Settle(Manifest manifest, LogVerdict verdict, in SegmentHeader active)
    {
        foreach (var extent in verdict.Extents)
        {
            var empty = extent.FirstSequence == 0 || extent.FirstSequence > verdict.Proven.Sequence;
            manifest = empty
                ? manifest.Without(extent.Identity.Id)
                : manifest.With(new ManifestFile(
                    extent.Identity,
                    FileState.Sealed,
                    extent.ProvenEnd,
                    extent.FirstSequence,
                    Math.Min(extent.LastSequence, verdict.Proven.Sequence)));
        }

        var identity = new SegmentIdentity(SegmentKind.Log, active.SegmentId, active.Salt);
        return manifest.With(new ManifestFile(identity, FileState.Open, active.Capacity, 0, 0)) with
        {
            SealedThrough = verdict.Proven,
            SyncedThrough = verdict.Last,
        };
    }

    private Manifest BeginEpoch(Manifest manifest, LogVerdict verdict)
    {
        foreach (var entry in verdict.Epochs)
        {
            if (entry.Epoch > (manifest.Epochs.IsEmpty ? 0 : manifest.Epochs[^1].Epoch))
            {
                manifest = manifest with { Epochs = manifest.Epochs.Add(entry) };
            }
        }

        var settled = manifest with
        {
            CleanShutdown = false,
            LogTimeMillis = verdict.LogTimeMillis,
            CommitSequence = verdict.CommitSequence,
        };
        return settled.WithEpoch(_random.NextEpoch(settled.NewestEpoch), verdict.Last.Sequence + 1);
    }
}
