using Kvs.Core.Platform;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Storage.Recovery;

/// <summary>An open log segment as the scan reads it: identity and a way to its bytes.</summary>
/// <param name="Path">Full path, for messages.</param>
/// <param name="Identity">What the manifest says.</param>
/// <param name="End">Bytes of it that may count: those it was made with, or less where the log was cut in it.</param>
/// <param name="IsCut">Whether the log was cut in it.</param>
/// <param name="Load">
/// Reads the file up to that end by positioned reads, header checked: an unreadable page is an exception here, while in a
/// mapping
/// it would end the process.
/// </param>
internal sealed record OpenLog(string Path, SegmentIdentity Identity, long End, bool IsCut, Func<byte[]> Load)
{
    /// <summary>The open log segments of a manifest, in log order.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="segmentFiles">The store directory.</param>
    /// <param name="manifest">The manifest.</param>
    internal static List<OpenLog> Of(IFileSystem files, SegmentFiles segmentFiles, Manifest manifest)
    {
        var logs = new List<OpenLog>();
        foreach (var file in manifest.Files)
        {
            if (file.IsOpenLog)
            {
                var path = segmentFiles.PathOf(file.Name);
                logs.Add(new OpenLog(
                    path,
                    file.Identity,
                    file.End,
                    IsCutAt(files, path, file.End),
                    () => LoadWhole(files, path, file, manifest.StoreId)));
            }
        }

        return logs;
    }

    private static bool IsCutAt(IFileSystem files, string path, long end)
    {
        if (!files.FileExists(path))
        {
            return false; // reading it tells
        }

        using var file = files.Open(path, writable: false);
        return file.Length > end;
    }

    private static byte[] LoadWhole(IFileSystem files, string path, ManifestFile entry, UInt128 storeId)
    {
        if (!files.FileExists(path))
        {
            throw StorageFailure.Damaged(path, 0, "the file is missing, but the manifest lists it.");
        }

        using var file = files.Open(path, writable: false);
        Segment.ReadHeader(file, entry.Identity, storeId);
        var bytes = new byte[Math.Min(file.Length, entry.End)];
        file.Read(0, bytes);
        return bytes;
    }
}
