using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Records;
using Kvs.Core.Storage.Requests;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Storage.Offline;

/// <summary>
/// Makes a clean store of what verifies. A damaged file is kept aside under another name; its intact records go, with
/// their sequences, into a new data segment. So do those of all open log segments, damaged or not: repair ends the
/// history, and the next opening begins an epoch behind every sequence that was ever named, so no version is given
/// twice, and keeps the latest log time, so no key comes back. Which writes were applied is kept as far as it is intact; for
/// a while after the next opening a repeated one that is not found is answered as unknown. A sound store is left as it is.
/// It can be run again after a crash at any point.
/// Threading: one repair, one thread; the caller holds the directory's lock.
/// </summary>
internal sealed class StoreRepair
{
    private readonly SegmentFiles _files;
    private readonly StoreRandom _random;
    private readonly List<StoreFinding> _findings = [];
    private RequestTable _requests = new(TimeProvider.System, RequestLimits.Default);
    private Manifest _manifest;
    private long _records;
    private KvsVersion _last;
    private StoreFinding? _tail; // what stands behind the last batch of the open log segments so far
    private ulong _lastSeen; // the sequence of that batch

    private StoreRepair(SegmentFiles files, StoreRandom random, Manifest manifest)
    {
        _files = files;
        _random = random;
        _manifest = manifest;
        _lastSeen = manifest.SealedThrough.Sequence;
        _last = new KvsVersion(
            manifest.NewestEpoch, Math.Max(manifest.SyncedThrough.Sequence, manifest.SealedThrough.Sequence));
    }

    /// <summary>Repairs a store.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="directory">The store directory.</param>
    /// <param name="random">Draws salts.</param>
    /// <returns>What was lost, and where it is kept.</returns>
    /// <exception cref="KvsStorageException">A file operation failed; run it again.</exception>
    internal static StoreReport Run(IFileSystem files, string directory, StoreRandom random)
    {
        var segmentFiles = new SegmentFiles(files, directory);
        try
        {
            var check = StoreCheck.Run(files, directory);
            if (check.IsSound)
            {
                return check;
            }

            var damaged = check.Findings.Where(finding => finding.IsDamage).Select(finding => finding.Path)
                .ToHashSet(StringComparer.Ordinal);
            var isManifestLost = damaged.Contains(segmentFiles.PathOf(StoreFiles.Manifest)) && check.Files == 0;
            var manifest = isManifestLost
                ? RebuildManifest(segmentFiles)
                : ManifestStore.Open(files, directory).Current;
            if (manifest.Membership is { } membership)
            {
                throw new KvsConfigurationException(
                    $"'{directory}' belongs to {membership}: what it has lost the other members have. Remove the directory "
                    + "and let the node join again with an empty one.");
            }

            var repair = new StoreRepair(segmentFiles, random, manifest);
            if (isManifestLost)
            {
                repair.KeepManifestAside();
            }

            return repair.Run(damaged);
        }
        catch (IOException cause)
        {
            throw StorageFailure.Failed("Repairing the store", cause);
        }
    }

    private StoreReport Run(HashSet<string> damaged)
    {
        LoadRequests();
        foreach (var file in _manifest.Files)
        {
            if (file.State == FileState.Open || damaged.Contains(_files.PathOf(file.Name)))
            {
                Replace(file);
            }
            else
            {
                _last = Later(_last, file.LastSequence);
            }
        }

        JudgeTail(next: _last.Sequence + 1);
        var next = _manifest.With(KeepRequests()) with
        {
            Number = _manifest.Number + 1,
            CleanShutdown = false,
            SealedThrough = _last,
            SyncedThrough = _last,
            PromisedEpoch = Math.Max(_manifest.PromisedEpoch, _last.Epoch),
        };
        ManifestStore.Create(_files.FileSystem, _files.Directory, next);
        return new StoreReport
        {
            Findings = [.. _findings],
            Files = next.Files.Length,
            Records = _records,
            Last = _last
        };
    }

    private void LoadRequests()
    {
        if (_manifest.Requests is not { } entry)
        {
            return;
        }

        try
        {
            _requests = RequestFile.Load(_files, _manifest, TimeProvider.System, RequestLimits.Default);
        }
        catch (KvsCorruptionException damage)
        {
            _requests = new RequestTable(TimeProvider.System, RequestLimits.Default);
            var path = _files.PathOf(entry.Name);
            if (_files.FileSystem.FileExists(path))
            {
                _files.FileSystem.Rename(path, _files.PathOf(StoreFiles.Aside(entry.Name)));
                _files.FileSystem.SyncDirectory(_files.Directory);
            }

            var what = "the request file is lost: whether a write that is repeated was applied before is not known any more, and "
                + "it is answered so.";
            _findings.Add(new StoreFinding(path, damage.Offset, what, IsDamage: true));
        }
    }

    /// <summary>
    /// A batch may be salvaged while who asked for it is lost: a repetition that is not found says nothing for a while.
    /// </summary>
    private RequestFileEntry KeepRequests()
    {
        _requests.RestoreWindow(TimeSpan.Zero);
        return RequestFile.Write(
            _files, _manifest.NextFileId, RequestFileCodec.Write(_requests, _manifest.StoreId, _last).Span);
    }

    private void Replace(ManifestFile file)
    {
        var source = _files.PathOf(file.Name);
        var aside = _files.PathOf(StoreFiles.Aside(file.Name));
        if (_files.FileSystem.FileExists(source))
        {
            _files.FileSystem.Rename(source, aside);
            _files.FileSystem.SyncDirectory(_files.Directory);
        }

        _manifest = _manifest.Without(file.Id);
        if (!_files.FileSystem.FileExists(aside))
        {
            _findings.Add(new StoreFinding(source, 0, "the file is missing: everything in it is lost.",
                IsDamage: true));
            return;
        }

        SalvageFile(file, aside);
    }

    private void SalvageFile(ManifestFile file, string aside)
    {
        var id = _manifest.NextFileId;
        using var writer = new DataSegmentWriter(_files, _manifest.StoreId, id, _last.Epoch, _random.NextSalt());
        var copied = 0L;
        var salvage = new Salvage(file.Identity, (in RecordView record) =>
        {
            // Epoch starts belong to the log's order; the epoch table in the manifest keeps what they say.
            if (record.Kind is RecordKind.Set or RecordKind.Remove)
            {
                writer.Add(record);
                copied++;
            }
        }, _requests);
        var bytes = ReadWhole(aside);
        var end = file.State == FileState.Sealed ? file.End : Math.Min(file.End, bytes.Length);
        salvage.Run(bytes, end);
        _last = Later(new KvsVersion(Math.Max(_last.Epoch, salvage.LastEpoch), _last.Sequence), salvage.LastSequence);
        _records += copied;
        _manifest = _manifest with { LogTimeMillis = Math.Max(_manifest.LogTimeMillis, salvage.LogTimeMillis) };
        if (copied > 0)
        {
            _manifest = _manifest.With(writer.Seal());
        }

        foreach (var (from, to) in salvage.Lost)
        {
            _findings.Add(Lost(aside, from, to));
        }

        if (file.State == FileState.Open && file.Identity.Kind == SegmentKind.Log)
        {
            TakeOpenLog(salvage, aside);
        }
        else if (salvage.End < end)
        {
            _findings.Add(Lost(aside, salvage.End, end));
        }

        _findings.Add(new StoreFinding(aside, 0, $"{copied} intact records were copied to a new file.",
            IsDamage: false));
    }

    /// <summary>What stands behind the last batch of a log is lost only if there were batches behind it.</summary>
    private void TakeOpenLog(Salvage salvage, string aside)
    {
        if (salvage.FirstSeen > 0)
        {
            JudgeTail(salvage.FirstSeen);
            _lastSeen = salvage.LastSeen;
        }

        _tail ??= Lost(aside, salvage.End, null);
    }

    private void JudgeTail(ulong next)
    {
        if (_tail is { } tail && next > _lastSeen + 1)
        {
            _findings.Add(tail);
        }

        _tail = null;
    }

    private static StoreFinding Lost(string path, long from, long? to)
    {
        var end = to is null ? "the end" : $"offset {to}";
        var what = $"bytes up to {end} are damaged and lost; the file is kept as it was.";
        return new StoreFinding(path, from, what, IsDamage: true);
    }

    private byte[] ReadWhole(string path)
    {
        using var file = _files.FileSystem.Open(path, writable: false);
        var bytes = new byte[file.Length];
        file.Read(0, bytes);
        return bytes;
    }

    private void KeepManifestAside()
    {
        var path = _files.PathOf(StoreFiles.Manifest);
        var what = "the manifest was lost and made anew from the files; keys that were removed and compacted away "
            + "may be back if a file was no longer live.";
        _findings.Add(new StoreFinding(path, 0, what, IsDamage: true));
        if (_files.FileSystem.FileExists(path))
        {
            NewFile.Write(_files.FileSystem, _files.PathOf(StoreFiles.Aside(StoreFiles.Manifest)), ReadWhole(path));
            _files.FileSystem.SyncDirectory(_files.Directory);
        }
    }

    /// <summary>The best guess without a manifest: every segment whose header verifies, none of it trusted.</summary>
    private static Manifest RebuildManifest(SegmentFiles files)
    {
        var manifest = new Manifest { StoreId = 0, Engine = DataDirectory.KvsEngine };
        var block = new byte[SegmentHeader.Bytes];
        foreach (var name in files.FileSystem.ListFiles(files.Directory))
        {
            if (!StoreFiles.TryParseSegment(name, out var kind, out var id)
                && !StoreFiles.TryParseSegment(name.Replace(StoreFiles.Aside(""), "", StringComparison.Ordinal),
                    out kind, out id))
            {
                continue;
            }

            using var file = files.FileSystem.Open(files.PathOf(name), writable: false);
            if (file.Read(0, block) == block.Length && SegmentHeader.TryRead(block, out var header)
                && header.Kind == kind && header.SegmentId == id
                && (manifest.StoreId == 0 || manifest.StoreId == header.StoreId))
            {
                var entry = new ManifestFile(new SegmentIdentity(kind, id, header.Salt), FileState.Open,
                    header.Capacity, 0, 0);
                manifest = manifest.With(entry) with
                {
                    StoreId = header.StoreId,
                    PromisedEpoch = Math.Max(manifest.PromisedEpoch, header.Epoch),
                };
            }
        }

        return manifest.StoreId != 0 ? manifest : throw StorageFailure.Damaged(
            files.PathOf(StoreFiles.Manifest), 0, "there is neither a manifest nor any segment with an intact header.");
    }

    private static KvsVersion Later(KvsVersion version, ulong sequence) =>
        new(version.Epoch, Math.Max(version.Sequence, sequence));
}
