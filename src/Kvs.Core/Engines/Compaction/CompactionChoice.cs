using Kvs.Core.Primitives;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Engines.Compaction;

/// <summary>
/// Which sealed files are worth compacting: log segments past the retained history and data segments, by the share of
/// their bytes that is of no use. Threading: compaction thread only.
/// </summary>
/// <param name="options">History and share.</param>
/// <param name="usage">Live bytes.</param>
internal sealed class CompactionChoice(LogEngineOptions options, SegmentUsage usage)
{
    /// <summary>When asked by hand: a file of which less is dead is left as it is; headers alone are about that much.</summary>
    private const double DeadShareMin = 0.05;

    /// <summary>
    /// Files to be compacted together into one: those with most dead bytes first, as long as what is live in them fits
    /// into a segment (half a one on a full disk), so that a compaction needs little extra room.
    /// </summary>
    /// <param name="manifest">The live files.</param>
    /// <param name="allBelow">
    /// Files with a lower id count if anything in them is dead, as when asked by hand; 0 for none. What a compaction
    /// makes has a higher id: a tombstone that it must keep would else be compacted for ever.
    /// </param>
    /// <param name="excluded">Files that could not be compacted.</param>
    /// <param name="isDiskFull">
    /// Whether writes are refused for want of room: the history is given up for them, and the reserve must do.
    /// </param>
    /// <param name="wantedFrom">First sequence that cursors have yet to read; they are given up then too.</param>
    /// <returns>The files; empty when none is worth it.</returns>
    internal List<ManifestFile> Choose(
        Manifest manifest, uint allBelow, HashSet<uint> excluded, bool isDiskFull, ulong wantedFrom)
    {
        var historyBegins = isDiskFull ? ulong.MaxValue : Math.Min(HistoryBegins(manifest), wantedFrom);
        var candidates = new List<(ManifestFile File, double Share)>();
        foreach (var file in manifest.Files)
        {
            var isEligible = file.State == FileState.Sealed
                && !excluded.Contains(file.Id)
                && (file.Identity.Kind == SegmentKind.Data || file.LastSequence < historyBegins);
            var all = file.Id < allBelow;
            var share = all ? Math.Min(DeadShareMin, options.CompactionDeadShare) : options.CompactionDeadShare;
            if (isEligible && DeadShareOf(file, manifest, all) is var dead && dead >= share)
            {
                candidates.Add((file, dead));
            }
        }

        candidates.Sort(static (a, b) =>
            a.Share != b.Share ? b.Share.CompareTo(a.Share) : a.File.FirstSequence.CompareTo(b.File.FirstSequence));
        return Fill(candidates, SegmentSizing.CompactionBytes(BytesOf(manifest), isDiskFull), isDiskFull);
    }

    /// <summary>
    /// One that has more than fits is compacted alone: at once, or on a full disk when no other can make room.
    /// </summary>
    private List<ManifestFile> Fill(List<(ManifestFile File, double Share)> candidates, long bytesMax, bool isDiskFull)
    {
        var chosen = new List<ManifestFile>();
        var kept = 0L;
        foreach (var (file, _) in candidates)
        {
            var more = usage.LiveBytesOf(file.Id) + usage.TombstoneBytesOf(file.Id);
            if (kept + more <= bytesMax || (chosen.Count == 0 && !isDiskFull))
            {
                chosen.Add(file);
                kept += more;
            }
        }

        return chosen.Count == 0 && candidates.Count > 0 ? [candidates[0].File] : chosen;
    }

    private double DeadShareOf(ManifestFile file, Manifest manifest, bool all)
    {
        var used = usage.LiveBytesOf(file.Id);
        if (file.Identity.Kind == SegmentKind.Data)
        {
            used += SegmentHeader.Bytes;
            used += !all && HasOlder(file, manifest) ? usage.TombstoneBytesOf(file.Id) : 0;
        }

        return (file.End - used) / (double)file.End;
    }

    /// <summary>Whether a tombstone of a file may still be needed: a file that is the oldest needs none.</summary>
    private static bool HasOlder(ManifestFile file, Manifest manifest)
    {
        foreach (var other in manifest.Files)
        {
            if (other.Id != file.Id && other.State == FileState.Sealed && other.FirstSequence < file.LastSequence)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>First sequence of the newest log segments that together hold the retained history.</summary>
    private ulong HistoryBegins(Manifest manifest)
    {
        var begins = ulong.MaxValue;
        var bytes = 0L;
        for (var i = manifest.Files.Length - 1; i >= 0 && bytes < options.HistoryBytes; i--)
        {
            var file = manifest.Files[i];
            if (file.Identity.Kind == SegmentKind.Log && file.State == FileState.Sealed)
            {
                bytes += file.End;
                begins = file.FirstSequence;
            }
        }

        return begins;
    }

    private static long BytesOf(Manifest manifest)
    {
        var bytes = 0L;
        foreach (var file in manifest.Files)
        {
            bytes += file.End;
        }

        return bytes;
    }
}
