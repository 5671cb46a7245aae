using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Storage.Copies;

/// <summary>A file of a base copy.</summary>
/// <param name="Id">Its id in the store that it is of.</param>
/// <param name="Kind">What it is.</param>
/// <param name="End">Bytes that belong to the copy.</param>
internal readonly record struct CopiedFile(uint Id, CopiedFileKind Kind, long End)
{
    /// <summary>The files of the manifest of a copy: its segments, then the request file.</summary>
    /// <param name="manifest">Of a copy: all its segments are sealed.</param>
    internal static IEnumerable<CopiedFile> Of(Manifest manifest)
    {
        foreach (var file in manifest.Files)
        {
            yield return new CopiedFile(
                file.Id, file.Identity.Kind == SegmentKind.Log ? CopiedFileKind.Log : CopiedFileKind.Data, file.End);
        }

        if (manifest.Requests is { } requests)
        {
            yield return new CopiedFile(requests.Id, CopiedFileKind.Requests, requests.Bytes);
        }
    }
}

/// <summary>What a file of a base copy is. Numbers are part of the links between nodes.</summary>
internal enum CopiedFileKind : byte
{
    /// <summary>A log segment.</summary>
    Log = 1,

    /// <summary>A data segment.</summary>
    Data = 2,

    /// <summary>A request file.</summary>
    Requests = 3,
}
