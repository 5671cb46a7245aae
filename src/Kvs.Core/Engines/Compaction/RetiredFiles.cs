using Kvs.Core.Primitives;
using Kvs.Core.Storage.Manifests;

namespace Kvs.Core.Engines.Compaction;

/// <summary>
/// Files that no manifest names any more and that readers of older states or of the log may still hold: dropped when the
/// last pin or lease of such a state has ended, and no cursor stands in them.
/// Threading: compaction thread only. Ownership: the segments stay the segment set's until they are dropped.
/// </summary>
internal sealed class RetiredFiles
{
    private readonly EngineParts _parts;
    private readonly Queue<(uint Id, ulong Root)> _waiting = new();

    internal RetiredFiles(EngineParts parts) => _parts = parts;

    /// <summary>Whether files wait for their readers.</summary>
    internal bool HasAny => _waiting.Count > 0;

    /// <summary>Takes files over whose index entries are all moved in the published state.</summary>
    /// <param name="files">The files.</param>
    internal void Add(IReadOnlyList<ManifestFile> files)
    {
        foreach (var file in files)
        {
            _waiting.Enqueue((file.Id, _parts.Index.Published.Number));
        }
    }

    /// <summary>Drops what no reader can see.</summary>
    /// <exception cref="KvsStorageException">A file could not be removed; the next opening does it.</exception>
    internal void Drop()
    {
        while (_waiting.TryPeek(out var file)
            && _parts.Index.OldestReferencedRoot >= file.Root
            && !_parts.Feed.Pins.IsHeld(file.Id))
        {
            _waiting.Dequeue();
            _parts.Usage.Drop(file.Id);
            _parts.Spares.Drop(_parts.Segments.Remove(file.Id));
        }
    }
}
