using System.Collections.Immutable;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Manifests;

namespace Kvs.Core.Engines;

/// <summary>
/// The epochs of all that is in the log, shown or not: a table that is replaced when one begins or is cut off.
/// Threading: the commit thread changes it, any thread reads.
/// </summary>
/// <param name="entries">The epochs that an opening has found.</param>
internal sealed class LogEpochs(ImmutableArray<EpochEntry> entries)
{
    private EpochTable _table = new(entries); // published: Volatile

    /// <summary>The newest table. What it says of a sequence that readers see never changes.</summary>
    internal EpochTable Table => Volatile.Read(ref _table);

    /// <summary>An epoch has begun in the log.</summary>
    /// <param name="epoch">The epoch.</param>
    /// <param name="firstSequence">Its first sequence.</param>
    internal void Begin(ulong epoch, ulong firstSequence)
    {
        Check.That(epoch > Table.Current);
        Volatile.Write(ref _table, new EpochTable(Table.Entries.Add(new EpochEntry(epoch, firstSequence))));
    }

    /// <summary>The log was truncated.</summary>
    /// <param name="last">Its last sequence now.</param>
    internal void CutTo(ulong last) =>
        Volatile.Write(ref _table, new EpochTable(Table.Entries.RemoveAll(entry => entry.FirstSequence > last)));
}
