using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Recovery;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Storage.Copies;

/// <summary>
/// A base copy that lies in a store directory, whole, verified and durable, but not live. Swapping it in is one
/// replacement of the manifest, between closing the store and opening it again: a crash leaves the old store or the new
/// one. What is the node's own stays: incarnation and what is suspected of it,
/// promises, membership.
/// </summary>
internal sealed class StagedCopy
{
    private readonly Manifest _copy;

    /// <summary>Made by the receiver.</summary>
    /// <param name="copy">The manifest of the copy, with the ids of this directory.</param>
    internal StagedCopy(Manifest copy) => _copy = copy;

    /// <summary>Makes the copy the store.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="path">Full path of the data directory, which nobody has open.</param>
    /// <exception cref="KvsStorageException">It could not be done; the store is the old one, or, when faulted, either.</exception>
    internal void Swap(IFileSystem files, string path)
    {
        using var directory = DataDirectory.Open(files, path, DataDirectory.KvsEngine);
        Replace(files, path, ManifestStore.Open(files, path).Current, _copy);
    }

    /// <summary>Gives an empty store the id of the cluster's store, so that it can take frames of it.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="path">Full path of the data directory, which nobody has open.</param>
    /// <param name="storeId">The id.</param>
    /// <exception cref="KvsStorageException">There is something in the store: it needs a base copy instead.</exception>
    internal static void Adopt(IFileSystem files, string path, UInt128 storeId)
    {
        using var directory = DataDirectory.Open(files, path, DataDirectory.KvsEngine);
        var own = ManifestStore.Open(files, path).Current;
        var segmentFiles = new SegmentFiles(files, path);
        var log = LogScan.Judge(OpenLog.Of(files, segmentFiles, own), own, segmentFiles.PathOf(StoreFiles.Manifest));
        if (log.Last != default || own.Files.Any(static file => file.State == FileState.Sealed))
        {
            throw new KvsStorageException(
                ErrorCode.StorageFailed,
                $"The store in '{path}' holds data of its own (up to version {log.Last}) and cannot become part of another store. "
                + "Use an empty directory.");
        }

        Replace(files, path, own, new Manifest { StoreId = storeId, Engine = own.Engine });
    }

    private static void Replace(IFileSystem files, string path, Manifest own, Manifest copy)
    {
        var newest = copy.Epochs.IsEmpty ? 0 : copy.Epochs[^1].Epoch;
        ManifestStore.Create(files, path, copy with
        {
            Number = own.Number + 1,
            Engine = own.Engine,
            NextFileId = Math.Max(own.NextFileId, CopiedFile.Of(copy).Select(static file => file.Id + 1).DefaultIfEmpty().Max()),
            MayHaveLost = own.MayHaveLost,
            Incarnation = own.Incarnation,
            PromisedEpoch = Math.Max(own.PromisedEpoch, newest),
            PromisedTo = own.PromisedEpoch >= newest ? own.PromisedTo : string.Empty,
            BegunEpoch = own.BegunEpoch,
            Membership = own.Membership,
        });
    }
}
