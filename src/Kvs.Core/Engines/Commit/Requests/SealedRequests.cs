using Kvs.Core.Engines.Commit.Room;
using Kvs.Core.Primitives;
using Kvs.Core.Storage;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Requests;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Engines.Commit.Requests;

/// <summary>
/// The request table as of what is sealed, and the file that keeps it: made anew before the manifest that seals more, and
/// named by that. A table of its own, since that of the commit thread is ahead of what is sealed.
/// Threading: prepare thread only.
/// </summary>
/// <param name="table">The table of the manifest.</param>
/// <param name="files">The store directory.</param>
/// <param name="manifests">The manifest; gives the ids.</param>
internal sealed class SealedRequests(RequestTable table, SegmentFiles files, ManifestStore manifests)
{
    private ulong _through = manifests.Current.SealedThrough.Sequence;

    /// <summary>Learns of the requests in a segment that is about to be sealed. Again after a failure: nothing happens.</summary>
    /// <param name="full">The next segment of the log, published whole.</param>
    /// <exception cref="KvsCorruptionException">The segment is damaged.</exception>
    internal void Learn(in FullSegment full)
    {
        if (full.Last.Sequence <= _through)
        {
            return;
        }

        if (full.MayHaveOrigins)
        {
            var bytes = full.Segment.Bytes(0, (int)full.End);
            var end = RequestFile.Replay(table, bytes, full.Segment.Header.Salt);
            if (end != full.End)
            {
                throw StorageFailure.Damaged(full.Segment.File.Path, end, $"the segment was synced up to offset {full.End}.");
            }
        }

        _through = full.Last.Sequence;
    }

    /// <summary>Makes the file, if there is anything to keep.</summary>
    /// <param name="through">The version up to which segments are about to be sealed.</param>
    /// <returns>Its entry for the manifest; null for none.</returns>
    /// <exception cref="KvsStorageException">It could not be written.</exception>
    internal RequestFileEntry? Keep(KvsVersion through)
    {
        table.ForgetIdle();
        var current = manifests.Current;
        return table.Clients == 0 && current.Requests is null ? null : RequestFile.Write(
            files, manifests.TakeFileId(), RequestFileCodec.Write(table, current.StoreId, through).Span);
    }

    /// <summary>Removes a file that is not live. What cannot be removed now the next opening removes.</summary>
    /// <param name="entry">Its entry; null for none.</param>
    internal void Remove(RequestFileEntry? entry)
    {
        if (entry is not null)
        {
            NewFile.TryDelete(files.FileSystem, files.PathOf(entry.Name));
        }
    }
}
