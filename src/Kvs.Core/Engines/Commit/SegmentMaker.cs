using Kvs.Core.Diagnostics;
using Kvs.Core.Primitives;
using Kvs.Core.Storage;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Engines.Commit;

/// <summary>
/// Makes log segments ready (file, manifest, segment set, supply) and seals full ones. Threading: the prepare thread,
/// and the opening before it runs.
/// </summary>
internal sealed class SegmentMaker
{
    private readonly LogEngineOptions _options;
    private readonly ManifestStore _manifests;
    private readonly SegmentFiles _files;
    private readonly SegmentSet _segments;
    private readonly SegmentSupply _supply;
    private readonly StoreRandom _random;

    internal SegmentMaker(EngineParts parts)
    {
        _options = parts.Options;
        _manifests = parts.Manifests;
        _files = parts.Files;
        _segments = parts.Segments;
        _supply = parts.Supply;
        _random = parts.Random;
    }

    /// <summary>Makes a segment ready and hands it to the commit thread.</summary>
    /// <param name="groupBytes">Bytes that must fit behind its header; 0 for the usual size.</param>
    /// <exception cref="KvsStorageException">It cannot be made; nothing is left of it.</exception>
    internal void MakeReady(long groupBytes)
    {
        var manifest = _manifests.Current;
        var capacity = Math.Max(
            Math.Min(SegmentSizing.SegmentBytes(BytesOf(manifest), 0), _options.SegmentBytesMax),
            SegmentSizing.ForGroup(groupBytes));
        var header = new SegmentHeader(
            SegmentKind.Log, manifest.StoreId, manifest.NextFileId, manifest.NewestEpoch, 0, _random.NextSalt(), capacity);
        var segment = _files.CreateLog(header);
        var identity = new SegmentIdentity(SegmentKind.Log, segment.Id, header.Salt);
        try
        {
            _manifests.Update(current => current.With(new ManifestFile(identity, FileState.Open, capacity, 0, 0)));
        }
        catch
        {
            segment.Dispose();
            throw;
        }

        _segments.Add(segment);
        if (_supply.FullReason is not null)
        {
            _options.Tell(StoreEventLevel.Information, StoreEventKind.DiskHasRoom, "The disk has room again; writes are taken.");
        }

        _supply.AddReady(segment);
    }

    /// <summary>Seals a segment that is synced whole: from here on any invalid byte before its end is damage.</summary>
    /// <param name="full">The segment.</param>
    internal void Seal(FullSegment full)
    {
        var id = full.Segment.Id;
        var entry = _manifests.Current.Find(id);
        Check.That(entry is { State: FileState.Open });
        if (full.FirstSequence == 0)
        {
            // Passed over, never written.
            _manifests.Update(current => current.Without(id));
            _segments.Remove(id).Dispose();
            _files.Delete(SegmentKind.Log, id);
            return;
        }

        var sealedEntry = entry with
        {
            State = FileState.Sealed,
            End = full.End,
            FirstSequence = full.FirstSequence,
            LastSequence = full.Last.Sequence,
        };
        _manifests.Update(current => current.With(sealedEntry) with
        {
            SealedThrough = full.Last,
            SyncedThrough = full.Last,
            LogTimeMillis = Math.Max(current.LogTimeMillis, full.LogTimeMillis),
        });
    }

    private static long BytesOf(Manifest manifest)
    {
        var bytes = 0L;
        foreach (var file in manifest.Files)
        {
            bytes += file.End;
        }

        return bytes;
    }
}
