using System.Collections.Immutable;
using Kvs.Core.Index;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Manifests;

namespace Kvs.Core.Engines;

/// <summary>
/// Which epoch a sequence belongs to: what makes a sequence a version. It travels with each published root, so that a
/// read needs one load for both. Threading: immutable.
/// </summary>
/// <param name="entries">The epochs in order, each with its first sequence; a member's first log has none yet.</param>
internal sealed class EpochTable(ImmutableArray<EpochEntry> entries)
{
    /// <summary>The epochs.</summary>
    internal ImmutableArray<EpochEntry> Entries => entries;

    /// <summary>The newest epoch; 0 when there is none yet.</summary>
    internal ulong Current => entries.IsEmpty ? 0 : entries[^1].Epoch;

    /// <summary>The version of a sequence.</summary>
    /// <param name="sequence">A sequence of the store.</param>
    internal KvsVersion VersionOf(ulong sequence)
    {
        // From the end: almost everything that is asked for is of the newest epochs, and one opening adds one entry.
        for (var i = entries.Length - 1; i >= 0; i--)
        {
            if (entries[i].FirstSequence <= sequence)
            {
                return new KvsVersion(entries[i].Epoch, sequence);
            }
        }

        return new KvsVersion(0, sequence);
    }

    /// <summary>What is told of an entry.</summary>
    /// <param name="entry">The entry.</param>
    internal EntryInfo InfoOf(in IndexEntry entry) =>
        new(VersionOf(entry.Sequence), entry.ExpiresAtMillis, entry.ValueLength);
}
