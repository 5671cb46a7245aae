using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Engines.Facade;

/// <summary>
/// A streamed scan, read in chunks: between two of them it holds nothing of the engine, so a slow reader blocks nobody
/// and the snapshot may be read and disposed meanwhile. Threading: one thread at a time.
/// </summary>
/// <param name="options">Checked by <see cref="EntryWalk.Validate"/>.</param>
internal sealed class EntryStream(ScanOptions options)
{
    private ScanOptions _rest = options;
    private ScanTally _given;

    /// <summary>Whether everything was given.</summary>
    internal bool IsDone { get; private set; }

    /// <summary>Reads on.</summary>
    /// <param name="snapshot">The snapshot, the same each time.</param>
    /// <returns>The next entries: a page of a scan at most.</returns>
    internal List<KvsEntry> ReadChunk(IEngineSnapshot snapshot)
    {
        using var walk = new EntryWalk(snapshot, _rest, _given);
        var entries = new List<KvsEntry>();
        while (entries.Count < Limits.ScanPageEntries && walk.Given.Bytes - _given.Bytes < Limits.ScanPageBytes)
        {
            if (!walk.TryRead(out var entry))
            {
                IsDone = true;
                return entries;
            }

            entries.Add(entry);
        }

        _given = walk.Given;
        _rest = _rest with { Cursor = entries[^1].Key.Bytes };
        return entries;
    }
}
