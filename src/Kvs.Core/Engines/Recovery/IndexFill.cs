using Kvs.Core.Diagnostics;
using Kvs.Core.Engines.Compaction;
using Kvs.Core.Index;
using Kvs.Core.Primitives;
using Kvs.Core.Storage;
using Kvs.Core.Storage.Hints;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Records;
using Kvs.Core.Storage.Requests;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Engines.Recovery;

/// <summary>
/// Fills the index of a store that is being opened. Sealed files by their hint files, merged in key order so that the
/// newest record of each key wins, and loaded page by page; then the open end of the log, which is newer than all of
/// them, record by record. Counts live bytes on the way. Threading: one thread, before any loop runs.
/// </summary>
internal sealed class IndexFill
{
    private const int CancellationPeriod = 64 * 1024;

    private readonly LogEngineOptions _options;
    private readonly SegmentFiles _files;
    private readonly SegmentSet _segments;
    private readonly bool _mayWrite;
    private readonly KeyIndex _index;
    private readonly SegmentUsage _usage;
    private readonly RequestTable _requests;
    private readonly HashSet<uint> _unhinted = [];

    /// <summary>Works for an opening, or for a look that changes nothing.</summary>
    /// <param name="options">Who hears of it.</param>
    /// <param name="files">The store directory.</param>
    /// <param name="segments">The open segments.</param>
    /// <param name="mayWrite">Whether missing hint files are made; else they are made in memory only.</param>
    /// <param name="index">To be filled.</param>
    /// <param name="usage">Counts live bytes.</param>
    /// <param name="requests">The request table as of what is sealed; learns of the rest.</param>
    internal IndexFill(
        LogEngineOptions options,
        SegmentFiles files,
        SegmentSet segments,
        bool mayWrite,
        KeyIndex index,
        SegmentUsage usage,
        RequestTable requests)
    {
        _requests = requests;
        _options = options;
        _files = files;
        _segments = segments;
        _mayWrite = mayWrite;
        _index = index;
        _usage = usage;
    }

    /// <summary>Sealed segments whose hint files could not be made, for the disk is full.</summary>
    internal IReadOnlySet<uint> Unhinted => _unhinted;

    /// <summary>Loads all sealed files into the empty index.</summary>
    /// <param name="manifest">The live files.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="KvsCorruptionException">A file is damaged.</exception>
    internal void LoadSealed(Manifest manifest, CancellationToken cancellationToken)
    {
        using var merge = new HintMerge(OpenHints(manifest));
        using var loader = _index.BeginLoad();
        for (var count = 0L; merge.MoveNext(); count++)
        {
            if (count % CancellationPeriod == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            var hint = merge.Entry;
            if (hint.Kind == RecordKind.Set)
            {
                loader.Add(merge.Key, new IndexEntry(hint.Location, hint.Sequence, hint.ExpiresAtMillis, hint.ValueLength));
                _usage.Add(hint.Location.SegmentId, hint.Location.Length);
            }
            else
            {
                _usage.AddTombstones(hint.Location.SegmentId, hint.Location.Length);
            }
        }

        loader.Complete();
    }

    /// <summary>Applies an open log segment: its records are newer than all that was loaded or applied before.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="end">Where the log ends in it.</param>
    internal void Replay(Segment segment, long end)
    {
        var walk = new RecordWalk(segment, end);
        while (walk.MoveNext())
        {
            if (walk.IsFirstOfBatch)
            {
                _requests.Note(walk.Batch);
            }

            var record = walk.Current;
            var location = new RecordLocation(segment.Id, (uint)walk.Offset, (uint)record.Bytes.Length);
            if (Apply(record, location, out var previous))
            {
                Check.That(previous.Sequence <= record.Sequence);
                _usage.Add(previous.Location.SegmentId, -(long)previous.Location.Length);
            }
        }
    }

    private bool Apply(in RecordView record, in RecordLocation location, out IndexEntry previous)
    {
        switch (record.Kind)
        {
            case RecordKind.Set:
                _usage.Add(location.SegmentId, location.Length);
                var entry = new IndexEntry(location, record.Sequence, record.ExpiresAtMillis, record.Value.Length);
                return _index.Set(record.Key, entry, out previous);
            case RecordKind.Remove:
                return _index.Remove(record.Key, out previous);
            default:
                previous = default;
                return false;
        }
    }

    private List<HintReader> OpenHints(Manifest manifest)
    {
        var readers = new List<HintReader>();
        try
        {
            foreach (var file in manifest.Files)
            {
                if (file.State == FileState.Sealed)
                {
                    readers.Add(HintReader.TryOpen(_files, file) ?? Rebuild(file));
                }
            }

            return readers;
        }
        catch
        {
            readers.ForEach(static reader => reader.Dispose());
            throw;
        }
    }

    private HintReader Rebuild(ManifestFile file)
    {
        Check.That(_segments.TryFind(file.Id, out var segment));
        if (!_mayWrite)
        {
            return HintReader.Open(HintWriter.WriteToMemory(segment, file.End));
        }

        var wasThere = _files.FileSystem.FileExists(_files.PathOf(StoreFiles.Hint(file.Id)));
        try
        {
            HintWriter.Write(_files, segment, file.End);
        }
        catch (KvsStorageException full) when (full.Code == ErrorCode.DiskFull)
        {
            // A store on a full disk still opens. The file is made when there is room: compaction needs it.
            _unhinted.Add(file.Id);
            return HintReader.Open(HintWriter.WriteToMemory(segment, file.End));
        }

        _options.Tell(
            wasThere ? StoreEventLevel.Warning : StoreEventLevel.Debug,
            StoreEventKind.HintRebuilt,
            wasThere
                ? $"The hint file of '{segment.File.Path}' was damaged, and was made anew from that."
                : $"The hint file of '{segment.File.Path}' was not made before the store ended; it is now.");
        return HintReader.TryOpen(_files, file)
            ?? throw new KvsStorageException(ErrorCode.StorageFailed, $"The hint file of '{segment.File.Path}' cannot be read back.");
    }
}
