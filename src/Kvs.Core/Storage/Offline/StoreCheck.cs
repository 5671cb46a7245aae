using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Hints;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Recovery;
using Kvs.Core.Storage.Requests;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Storage.Offline;

/// <summary>
/// Verifies every byte of a closed store that counts, and changes nothing. Threading: one check, one thread; the caller
/// holds the directory's lock.
/// </summary>
internal sealed class StoreCheck
{
    private const int ReadBytes = 1024 * 1024;

    private readonly SegmentFiles _files;
    private readonly List<StoreFinding> _findings = [];
    private long _records;

    private StoreCheck(SegmentFiles files) => _files = files;

    /// <summary>Checks a store.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="directory">The store directory.</param>
    /// <returns>What was found.</returns>
    internal static StoreReport Run(IFileSystem files, string directory)
    {
        var check = new StoreCheck(new SegmentFiles(files, directory));
        Manifest manifest;
        try
        {
            manifest = ManifestStore.Open(files, directory).Current;
        }
        catch (Exception failure) when (failure is IOException or KvsException)
        {
            check.Report(check._files.PathOf(StoreFiles.Manifest), failure);
            return new StoreReport { Findings = [.. check._findings] };
        }

        foreach (var file in manifest.Files)
        {
            if (file.State == FileState.Sealed)
            {
                check.CheckSealed(file, manifest.StoreId);
            }
        }

        check.CheckRequests(manifest);
        var last = check.CheckOpenLog(manifest);
        return new StoreReport
        {
            Findings = [.. check._findings],
            Files = manifest.Files.Length,
            Records = check._records,
            Last = last,
        };
    }

    private void CheckRequests(Manifest manifest)
    {
        try
        {
            RequestFile.Verify(_files, manifest);
        }
        catch (Exception failure) when (failure is IOException or KvsException)
        {
            Report(_files.PathOf(manifest.Requests!.Name), failure);
        }
    }

    private KvsVersion CheckOpenLog(Manifest manifest)
    {
        var path = _files.PathOf(StoreFiles.Manifest);
        try
        {
            var logs = OpenLog.Of(_files.FileSystem, _files, manifest);
            var verdict = LogScan.Judge(logs, manifest, path);
            if (verdict.TailIsTorn)
            {
                var extent = verdict.Extents[verdict.LastExtent];
                var what = "a torn tail: bytes that were never acknowledged follow; the next opening cuts them.";
                _findings.Add(new StoreFinding(logs[verdict.LastExtent].Path, extent.End, what, IsDamage: false));
            }

            foreach (var extent in verdict.Extents)
            {
                var file = new ManifestFile(extent.Identity, FileState.Sealed, extent.End, extent.FirstSequence,
                    extent.LastSequence);
                CheckRecords(file, manifest.StoreId);
            }

            return verdict.Last;
        }
        catch (Exception failure) when (failure is IOException or KvsException)
        {
            Report(path, failure);
            return manifest.SyncedThrough;
        }
    }

    private void CheckSealed(ManifestFile file, UInt128 storeId)
    {
        try
        {
            CheckRecords(file, storeId);
            if (_files.FileSystem.FileExists(_files.PathOf(StoreFiles.Hint(file.Id))))
            {
                CheckHint(file);
            }
        }
        catch (Exception failure) when (failure is IOException or KvsException)
        {
            Report(_files.PathOf(file.Name), failure);
        }
    }

    private void CheckRecords(ManifestFile file, UInt128 storeId)
    {
        var path = _files.PathOf(file.Name);
        using var segment = Segment.Open(_files.FileSystem, path, file.Identity, storeId, writable: false);
        ReadThrough(segment.File);
        if (segment.Length < file.End)
        {
            throw StorageFailure.Damaged(path, segment.Length,
                $"the file is shorter than the {file.End} bytes that count.");
        }

        var walk = new RecordWalk(segment, file.End);
        while (walk.MoveNext())
        {
            if (!walk.Current.IsIntact)
            {
                throw StorageFailure.Damaged(path, walk.Offset, "a record fails its checksum.");
            }

            if (walk.Current.Sequence < file.FirstSequence || walk.Current.Sequence > file.LastSequence)
            {
                throw StorageFailure.Damaged(
                    path,
                    walk.Offset,
                    $"a record has sequence {walk.Current.Sequence}, outside what the manifest says.");
            }

            _records++;
        }
    }

    /// <summary>An unreadable page is an exception here; in a mapping it would end the process.</summary>
    private static void ReadThrough(IFile file)
    {
        var buffer = new byte[ReadBytes];
        for (var offset = 0L; offset < file.Length; offset += buffer.Length)
        {
            file.Read(offset, buffer);
        }
    }

    private void CheckHint(ManifestFile file)
    {
        using var reader = HintReader.TryOpen(_files, file);
        if (reader is null)
        {
            var what = "the hint file is damaged; the next opening builds it anew from the segment.";
            _findings.Add(new StoreFinding(_files.PathOf(StoreFiles.Hint(file.Id)), 0, what, IsDamage: false));
        }
    }

    private void Report(string path, Exception failure) => _findings.Add(failure is KvsCorruptionException damage
        ? new StoreFinding(damage.Path, damage.Offset, damage.Message, IsDamage: true)
        : new StoreFinding(path, 0, failure.Message, IsDamage: true));
}
