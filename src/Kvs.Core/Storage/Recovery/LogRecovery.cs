using System.Collections.Immutable;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Requests;
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
    private readonly RequestTable _requests;
    private bool _answersBeforeSync; // of a member, from now on
    private bool _wasClean;

    /// <summary>Works on a locked store directory.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="segmentFiles">The store directory.</param>
    /// <param name="manifests">Its manifest.</param>
    /// <param name="random">Draws salts and the epoch's nonce.</param>
    /// <param name="requests">
    /// The request table of the manifest. It may learn of requests in the open log, which may be noted again.
    /// </param>
    internal LogRecovery(
        IFileSystem files, SegmentFiles segmentFiles, ManifestStore manifests, StoreRandom random, RequestTable requests)
    {
        _requests = requests;
        _files = files;
        _segmentFiles = segmentFiles;
        _manifests = manifests;
        _random = random;
    }

    /// <summary>
    /// Recovers the log of a store of its own and begins an epoch, as each such opening does. All of the log counts as
    /// committed.
    /// </summary>
    /// <returns>Where writing goes on. Everything up to there is on stable storage.</returns>
    /// <exception cref="KvsCorruptionException">
    /// Data that may have been acknowledged is damaged; nothing was changed.
    /// </exception>
    /// <exception cref="KvsStorageException">A file operation failed.</exception>
    internal RecoveredLog Recover() => Run(membership: null);

    /// <summary>
    /// Recovers the log of a member. No epoch begins, and nothing is sealed: what is not known to be committed may yet be
    /// truncated.
    /// </summary>
    /// <param name="membership">The cluster. A store that was one of its own until now has committed all that it holds.</param>
    /// <param name="answersBeforeSync">Whether writes will be answered before they are synced.</param>
    /// <returns>As <see cref="Recover"/>.</returns>
    internal RecoveredLog RecoverMember(ClusterMembership membership, bool answersBeforeSync)
    {
        _answersBeforeSync = answersBeforeSync;
        return Run(membership);
    }

    private RecoveredLog Run(ClusterMembership? membership)
    {
        try
        {
            var manifest = _manifests.Current;
            var logs = OpenLog.Of(_files, _segmentFiles, manifest);
            var verdict = LogScan.Judge(logs, manifest, _segmentFiles.PathOf(StoreFiles.Manifest));
            _wasClean = manifest.CleanShutdown
                && verdict.Last == manifest.SyncedThrough
                && verdict.LastExtent >= 0
                && !verdict.TailIsTorn;
            var recovered = _wasClean ? GoOn(verdict, membership) : StartAnewOrInPlace(verdict, logs, membership);
            _segmentFiles.DeleteLeftovers(_manifests.Current);
            return recovered;
        }
        catch (IOException cause)
        {
            throw StorageFailure.Failed("Recovering the log", cause);
        }
    }

    private RecoveredLog GoOn(LogVerdict verdict, ClusterMembership? membership)
    {
        var committed = CommittedIn(verdict, membership);
        var manifest = Settled(membership, current => Begin(current, current, verdict, membership));
        var active = GoesOnIn(verdict);
        var parts = ImmutableArray.CreateBuilder<RecoveredPart>();
        var passed = ImmutableArray.CreateBuilder<uint>();
        for (var i = 0; i <= active; i++)
        {
            var extent = verdict.Extents[i];
            var isEmpty = extent.FirstSequence == 0;
            if (isEmpty && i < active)
            {
                passed.Add(extent.Identity.Id);
                continue;
            }

            var first = isEmpty ? verdict.Last.Sequence + 1 : extent.FirstSequence;
            parts.Add(new RecoveredPart(
                extent.Identity.Id, first, isEmpty ? first - 1 : extent.LastSequence, extent.End, extent.LogTimeMillis));
        }

        return new RecoveredLog
        {
            Verdict = verdict,
            Epoch = manifest.NewestEpoch,
            Committed = committed,
            Parts = parts.ToImmutable(),
            PassedIds = passed.ToImmutable(),
            ReadyIds = [.. verdict.Extents.Skip(active + 1).Select(extent => extent.Identity.Id)],
        };
    }

    /// <summary>
    /// Replaces the manifest; on a full disk later, where the log tells the same. That a store becomes a member it does not.
    /// </summary>
    private Manifest Settled(ClusterMembership? membership, Func<Manifest, Manifest> change) =>
        membership is null || _manifests.Current.Membership is not null
            ? _manifests.UpdateNowOrLater(change)
            : _manifests.Update(change);

    /// <summary>The segment where writing goes on in place: never one in which the log was cut.</summary>
    private static int GoesOnIn(LogVerdict verdict) =>
        verdict.LastExtent < 0 || !verdict.Extents[verdict.LastExtent].IsCut ? verdict.LastExtent : verdict.LastExtent + 1;

    private RecoveredLog StartAnewOrInPlace(LogVerdict verdict, List<OpenLog> logs, ClusterMembership? membership)
    {
        try
        {
            return StartAnew(verdict, logs, membership);
        }
        catch (KvsStorageException full) when (full.Code == ErrorCode.DiskFull
            && verdict.LastExtent >= 0
            && GoesOnIn(verdict) < logs.Count)
        {
            _segmentFiles.DeleteLeftovers(_manifests.Current);
            SettleInPlace(verdict, logs);
            return GoOn(verdict, membership);
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
            SegmentFiles.Fill(file, extent.End, verdict.TailIsTorn ? logs[i].End : extent.End);
        }
    }

    private RecoveredLog StartAnew(LogVerdict verdict, List<OpenLog> logs, ClusterMembership? membership)
    {
        var committed = CommittedIn(verdict, membership);
        var requests = membership is null ? KeepRequests(verdict, logs) : _manifests.Current.Requests;
        var copied = CopyUnproven(verdict, logs);
        var header = CreateActive(copied, out var offset);
        var parts = ImmutableArray.CreateBuilder<RecoveredPart>();
        if (membership is not null)
        {
            parts.AddRange(KeptParts(verdict));
        }

        parts.Add(new RecoveredPart(
            header.SegmentId, verdict.Proven.Sequence + 1, verdict.Last.Sequence, offset, verdict.LogTimeMillis));
        var manifest = _manifests.Update(current => Begin(
            current,
            membership is null ? Settle(current, verdict, header).With(requests) : Keep(current, verdict, header),
            verdict,
            membership));
        return new RecoveredLog
        {
            Verdict = verdict,
            Epoch = manifest.NewestEpoch,
            Committed = committed,
            Parts = parts.ToImmutable(),
        };
    }

    private ulong CommittedIn(LogVerdict verdict, ClusterMembership? membership) =>
        membership is null || _manifests.Current.Membership is null
            ? verdict.Last.Sequence
            : Math.Min(verdict.CommitSequence, verdict.Last.Sequence);

    /// <summary>Makes the request file for what is about to be sealed.</summary>
    private RequestFileEntry? KeepRequests(LogVerdict verdict, List<OpenLog> logs)
    {
        var manifest = _manifests.Current;
        if (verdict.Proven == manifest.SealedThrough)
        {
            return manifest.Requests;
        }

        for (var i = 0; verdict.HasOrigins && i < logs.Count; i++)
        {
            var extent = verdict.Extents[i];
            if (!IsVoid(extent, verdict))
            {
                RequestFile.Replay(_requests, logs[i].Load().AsSpan(0, (int)extent.ProvenEnd), extent.Identity.Salt);
            }
        }

        return _requests.Clients == 0 && manifest.Requests is null ? null : RequestFile.Write(
            _segmentFiles,
            _manifests.TakeFileId(),
            RequestFileCodec.Write(_requests, manifest.StoreId, verdict.Proven).Span);
    }

    /// <summary>What stays in place of the open segments: the proven part of each.</summary>
    private static IEnumerable<RecoveredPart> KeptParts(LogVerdict verdict)
    {
        foreach (var extent in verdict.Extents)
        {
            if (!IsVoid(extent, verdict))
            {
                yield return new RecoveredPart(
                    extent.Identity.Id,
                    extent.FirstSequence,
                    Math.Min(extent.LastSequence, verdict.Proven.Sequence),
                    extent.ProvenEnd,
                    extent.LogTimeMillis);
            }
        }
    }

    private static bool IsVoid(SegmentExtent extent, LogVerdict verdict) =>
        extent.FirstSequence == 0 || extent.FirstSequence > verdict.Proven.Sequence;

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
            manifest = IsVoid(extent, verdict)
                ? manifest.Without(extent.Identity.Id)
                : manifest.With(new ManifestFile(
                    extent.Identity,
                    FileState.Sealed,
                    extent.ProvenEnd,
                    extent.FirstSequence,
                    Math.Min(extent.LastSequence, verdict.Proven.Sequence)));
        }

        return WithActive(manifest, active) with { SealedThrough = verdict.Proven, SyncedThrough = verdict.Last };
    }

    /// <summary>The same for a member: what is proven stays open, with its end, and is sealed when it is committed.</summary>
    private static Manifest Keep(Manifest manifest, LogVerdict verdict, in SegmentHeader active)
    {
        foreach (var extent in verdict.Extents)
        {
            manifest = IsVoid(extent, verdict)
                ? manifest.Without(extent.Identity.Id)
                : manifest.With(new ManifestFile(extent.Identity, FileState.Open, extent.ProvenEnd, 0, 0));
        }

        return WithActive(manifest, active) with { SyncedThrough = verdict.Last };
    }

    private static Manifest WithActive(Manifest manifest, in SegmentHeader active) => manifest.With(new ManifestFile(
        new SegmentIdentity(SegmentKind.Log, active.SegmentId, active.Salt), FileState.Open, active.Capacity, 0, 0));

    /// <summary>What each opening makes true of a manifest, beyond the cut.</summary>
    private Manifest Begin(Manifest current, Manifest settled, LogVerdict verdict, ClusterMembership? membership)
    {
        var next = settled with
        {
            CleanShutdown = false,
            CommitSequence = membership is null
                ? CommittedIn(verdict, membership)
                : Math.Max(current.CommitSequence, CommittedIn(verdict, membership)),
            Epochs = current.WithOpenEpochs(verdict.Epochs).Epochs,
            Membership = membership,
            AnswersBeforeSync = _answersBeforeSync,
            MayHaveLost = membership is not null && (current.MayHaveLost || (current.AnswersBeforeSync && !_wasClean)),
        };
        if (membership is null)
        {
            next = next with { LogTimeMillis = verdict.LogTimeMillis };
            return next.WithEpoch(_random.NextEpoch(next.NewestEpoch), verdict.Last.Sequence + 1);
        }

        return next.Incarnation != 0 ? next : next with { Incarnation = _random.NextStoreId() };
    }
}
