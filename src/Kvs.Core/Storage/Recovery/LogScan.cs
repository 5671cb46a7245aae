using System.Buffers.Binary;
using System.Collections.Immutable;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Storage.Recovery;

/// <summary>
/// Reads the open log segments and judges where the log ends, by the torn-or-damaged rule (docs/format.md, with its
/// proof): frames are accepted in sequence; the next one stands either where the last one ended or at the start of a
/// later segment. When it stands nowhere, the log ends there. If any valid envelope anywhere, or the manifest, says
/// that
/// the missing sequence was synced, data that may have been acknowledged is damaged: refuse. Otherwise it never was
/// acknowledged: cut. Threading: one scan, one thread. It changes nothing on the disk.
/// </summary>
internal sealed class LogScan
{
    private readonly IReadOnlyList<OpenLog> _logs;
    private readonly List<SegmentExtent> _extents = [];
    private readonly List<EpochEntry> _epochs = [];
    private KvsVersion _last;
    private KvsVersion _evidence;
    private string _evidencePath;
    private long _logTimeMillis;
    private ulong _commitSequence;
    private int _lastExtent;
    private bool _tailIsTorn;
    private bool _hasOrigins;

    private LogScan(IReadOnlyList<OpenLog> logs, Manifest manifest, string manifestPath)
    {
        _logs = logs;
        _last = manifest.SealedThrough;
        _evidence = manifest.SyncedThrough.Sequence > _last.Sequence ? manifest.SyncedThrough : _last;
        _evidencePath = manifestPath;
        _logTimeMillis = manifest.LogTimeMillis;
        _commitSequence = manifest.CommitSequence;
        _lastExtent = logs.Count > 0 ? 0 : -1;
    }

    /// <summary>Judges the log.</summary>
    /// <param name="logs">The open log segments, in log order.</param>
    /// <param name="manifest">The manifest.</param>
    /// <param name="manifestPath">Its path, for the message.</param>
    /// <returns>Where the log ends.</returns>
    /// <exception cref="KvsCorruptionException">Data that may have been acknowledged is damaged.</exception>
    internal static LogVerdict Judge(IReadOnlyList<OpenLog> logs, Manifest manifest, string manifestPath)
    {
        var scan = new LogScan(logs, manifest, manifestPath);
        for (var i = 0; i < logs.Count; i++)
        {
            scan.ReadSegment(i, logs[i].Load());
        }

        scan.RefuseDamage();
        return scan.Verdict();
    }

    private void ReadSegment(int index, byte[] bytes)
    {
        var salt = _logs[index].Identity.Salt;
        var cursor = new FrameCursor(bytes, salt);
        var end = cursor.Position;
        ulong first = 0;
        while (cursor.MoveNextEnvelope() && Accepts(cursor.Envelope, cursor.Frame))
        {
            end = cursor.Position;
            if (_lastExtent != index)
            {
                // A segment is written only after a sync of all before it: that it was is proof.
                Note(_last, _logs[index].Path);
                _lastExtent = index;
            }

            Note(cursor.Envelope.SyncedThrough, _logs[index].Path);
            if (!cursor.Envelope.IsSyncMark)
            {
                first = first == 0 ? cursor.Frame.FirstSequence : first;
                Take(cursor.Frame);
            }
        }

        var identity = _logs[index].Identity;
        _extents.Add(new SegmentExtent(
            identity, end, end, first, first == 0 ? 0 : _last.Sequence, _logTimeMillis, _logs[index].IsCut));
        var isTornHere = SearchBehind(bytes, end, salt, _logs[index].Path) || bytes.Length < _logs[index].End;
        _tailIsTorn = isTornHere || (_tailIsTorn && _lastExtent != index);
    }

    /// <summary>Whether the frame or mark is the next of this log, and not a valid one behind a gap.</summary>
    private bool Accepts(in Envelope envelope, in GroupFrame frame)
    {
        if (envelope.FirstSequence != _last.Sequence + 1)
        {
            return false;
        }

        return envelope.Epoch == _last.Epoch
            || (!envelope.IsSyncMark && envelope.Epoch > _last.Epoch && frame.BeginsEpoch);
    }

    private void Take(in GroupFrame frame)
    {
        if (frame.Epoch != _last.Epoch)
        {
            _epochs.Add(new EpochEntry(frame.Epoch, frame.FirstSequence));
        }

        _last = new KvsVersion(frame.Epoch, frame.LastSequence);
        _logTimeMillis = Math.Max(_logTimeMillis, frame.LogTimeMillis);
        _commitSequence = Math.Max(_commitSequence, frame.CommitSequence);
        _hasOrigins |= frame.HasOrigins;
    }

    /// <summary>Looks behind the end for envelopes of this segment: what they say of syncs is evidence.</summary>
    /// <returns>Whether anything of this segment's own stands there.</returns>
    private bool SearchBehind(ReadOnlySpan<byte> bytes, int end, ulong salt, string path)
    {
        Span<byte> pattern = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(pattern, salt);
        var found = false;
        for (var offset = end; offset < bytes.Length;)
        {
            var next = bytes[offset..].IndexOf(pattern);
            if (next < 0)
            {
                return found;
            }

            found = true;
            offset += next;
            if (offset % Envelope.Alignment == 0 && Envelope.TryRead(bytes[offset..], salt, offset, out var envelope))
            {
                Note(envelope.SyncedThrough, path);
            }

            offset++;
        }

        return found;
    }

    private void Note(KvsVersion synced, string path)
    {
        // Sequences of one lineage never repeat: what lies beyond an earlier cut is behind a sealed segment's end, in a
        // dropped file, or under another salt, and none of these is looked at. So the sequence alone decides.
        if (synced.Sequence > _evidence.Sequence)
        {
            _evidence = synced;
            _evidencePath = path;
        }
    }

    private void RefuseDamage()
    {
        if (_evidence.Sequence <= _last.Sequence)
        {
            return;
        }

        var missing = $"sequences {_last.Sequence + 1} to {_evidence.Sequence} were synced "
            + $"(so '{_evidencePath}' says), but no valid frame holds the first of them.";
        throw _lastExtent < 0
            ? StorageFailure.Damaged(_evidencePath, 0, missing)
            : StorageFailure.Damaged(_logs[_lastExtent].Path, _extents[_lastExtent].End, missing);
    }

    private LogVerdict Verdict()
    {
        var proven = _evidence.Sequence == _last.Sequence ? _last : _evidence;
        for (var i = 0; i < _lastExtent; i++)
        {
            Check.That(_extents[i].LastSequence <= proven.Sequence);
        }

        if (_lastExtent >= 0)
        {
            SetProvenEnd(proven.Sequence);
        }

        return new LogVerdict
        {
            Last = _last,
            Proven = proven,
            Extents = [.. _extents],
            LastExtent = _lastExtent,
            Epochs = [.. _epochs],
            LogTimeMillis = _logTimeMillis,
            CommitSequence = _commitSequence,
            HasOrigins = _hasOrigins,
            TailIsTorn = _tailIsTorn,
        };
    }

    /// <summary>Finds where the unproven frames begin. They lie in the last segment only.</summary>
    private void SetProvenEnd(ulong provenSequence)
    {
        var extent = _extents[_lastExtent];
        if (extent.LastSequence <= provenSequence)
        {
            return;
        }

        var cursor = new FrameCursor(_logs[_lastExtent].Load().AsSpan(0, (int)extent.End), extent.Identity.Salt);
        var provenEnd = cursor.Position;
        var logTime = _lastExtent > 0 ? _extents[_lastExtent - 1].LogTimeMillis : 0;
        while (cursor.MoveNext() && cursor.Frame.LastSequence <= provenSequence)
        {
            provenEnd = cursor.Position;
            logTime = cursor.Frame.LogTimeMillis;
        }

        _extents[_lastExtent] = extent with { ProvenEnd = provenEnd, LogTimeMillis = logTime };
    }
}
