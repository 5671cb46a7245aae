using Kvs.Core.Storage.Hints;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Engines.Compaction;

/// <summary>
/// Whether a tombstone that is the newest record of its key may go: only when no file that stays can hold an older
/// record of that key, which would come back at the next opening. A file can when its sequences begin below the
/// tombstone's and its key filter does not rule the key out. Files that are compacted together go together, by one
/// replacement of the manifest, so they do not count; open log segments are newer than all sealed files.
/// Threading: one thread.
/// </summary>
internal sealed class TombstoneRule
{
    private readonly List<(ulong FirstSequence, KeyFilter? Filter)> _staying = [];

    /// <summary>Loads the filters of the files that stay.</summary>
    /// <param name="files">The store directory.</param>
    /// <param name="manifest">The live files.</param>
    /// <param name="victims">The files that go.</param>
    internal TombstoneRule(SegmentFiles files, Manifest manifest, List<ManifestFile> victims)
    {
        var newest = 0UL;
        foreach (var victim in victims)
        {
            newest = Math.Max(newest, victim.LastSequence);
        }

        foreach (var file in manifest.Files)
        {
            if (file.State == FileState.Sealed && file.FirstSequence < newest && !victims.Exists(victim => victim.Id == file.Id))
            {
                // Without a filter nothing is ruled out.
                using var hint = HintReader.TryOpen(files, file);
                _staying.Add((file.FirstSequence, hint?.ReadFilter()));
            }
        }
    }

    /// <summary>Whether the tombstone must stay.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="sequence">Its sequence.</param>
    internal bool MustKeep(ReadOnlySpan<byte> key, ulong sequence)
    {
        foreach (var (firstSequence, filter) in _staying)
        {
            if (firstSequence < sequence && filter?.MayContain(key) != false)
            {
                return true;
            }
        }

        return false;
    }
}
