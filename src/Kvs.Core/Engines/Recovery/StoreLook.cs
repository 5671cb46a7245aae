using Kvs.Core.Engines.Compaction;
using Kvs.Core.Index;
using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Storage;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Recovery;
using Kvs.Core.Storage.Requests;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Engines.Recovery;

/// <summary>
/// The figures of a closed store, read as an opening would read it, but without changing anything: no epoch begins, no
/// tail is cut, no hint file is made. Threading: one look, one thread; the caller holds the directory's lock.
/// </summary>
internal static class StoreLook
{
    /// <summary>Looks at a store.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="time">The clock: what an opening would find expired is not counted.</param>
    /// <param name="directory">The store directory.</param>
    /// <returns>The figures.</returns>
    /// <exception cref="KvsCorruptionException">Stored data is damaged.</exception>
    /// <exception cref="KvsStorageException">A file cannot be read.</exception>
    internal static StoreStats Run(IFileSystem files, TimeProvider time, string directory)
    {
        try
        {
            return Look(files, time, new SegmentFiles(files, directory));
        }
        catch (IOException cause)
        {
            throw StorageFailure.Failed($"Looking at the store in '{directory}'", cause);
        }
    }

    private static StoreStats Look(IFileSystem files, TimeProvider time, SegmentFiles segmentFiles)
    {
        var manifest = ManifestStore.Open(files, segmentFiles.Directory).Current;
        var logs = OpenLog.Of(files, segmentFiles, manifest);
        var verdict = LogScan.Judge(logs, manifest, segmentFiles.PathOf(StoreFiles.Manifest));
        using var index = new KeyIndex();
        using var segments = new SegmentSet();
        foreach (var file in manifest.Files)
        {
            segments.Add(segmentFiles.OpenToLook(file, manifest.StoreId));
        }

        var usage = new SegmentUsage();
        var requests = RequestFile.Load(segmentFiles, manifest, time, RequestLimits.Default);
        var fill = new IndexFill(new LogEngineOptions(), segmentFiles, segments, mayWrite: false, index, usage, requests);
        fill.LoadSealed(manifest, CancellationToken.None);
        foreach (var extent in verdict.Extents)
        {
            Check.That(segments.TryFind(extent.Identity.Id, out var segment));
            fill.Replay(segment, extent.End);
        }

        var logTime = Math.Max(verdict.LogTimeMillis, time.GetUtcNow().ToUnixTimeMilliseconds());
        index.Publish(index.EndGroup(verdict.Last.Sequence, logTime, state: null));
        return Figures(manifest, verdict.Last, index, usage.LiveBytes) with
        {
            RequestClients = requests.Clients,
            RequestBytes = requests.Bytes,
            RequestWindow = requests.Window,
        };
    }

    private static StoreStats Figures(Manifest manifest, KvsVersion version, KeyIndex index, long liveBytes)
    {
        var bytes = 0L;
        foreach (var file in manifest.Files)
        {
            bytes += file.End;
        }

        using var lease = index.Lease();
        return new StoreStats
        {
            Engine = DataDirectory.KvsEngine,
            Version = version,
            Keys = lease.Count(KeyRange.All),
            DiskBytes = bytes,
            LiveBytes = liveBytes,
            DeadBytes = Math.Max(0, bytes - liveBytes),
            Segments = manifest.Files.Length,
            IndexBytes = index.BytesHeld,
        };
    }
}
