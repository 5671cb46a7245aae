using Kvs.Core.Engines.Commit.Groups;

namespace Kvs.Core.Engines.Commit;

/// <summary>What an engine did since it was opened. Threading: each is written by one thread and read by any.</summary>
internal sealed class EngineCounters
{
    private long _batches; // sync thread writes
    private long _groups; // sync thread writes
    private long _syncs; // sync thread writes
    private long _expired; // sync thread writes
    private long _compactions; // compaction thread writes

    /// <summary>Batches published.</summary>
    internal long Batches => Volatile.Read(ref _batches);

    /// <summary>Group frames published.</summary>
    internal long Groups => Volatile.Read(ref _groups);

    /// <summary>Syncs of the log.</summary>
    internal long Syncs => Volatile.Read(ref _syncs);

    /// <summary>Keys removed because they had expired.</summary>
    internal long Expired => Volatile.Read(ref _expired);

    /// <summary>Compactions finished.</summary>
    internal long Compactions => Volatile.Read(ref _compactions);

    /// <summary>Counts a published group.</summary>
    /// <param name="group">The group.</param>
    internal void CountPublished(CommitGroup group)
    {
        Volatile.Write(ref _batches, _batches + group.Batches);
        Volatile.Write(ref _expired, _expired + group.Expired);
        Volatile.Write(ref _groups, _groups + (group.HasFrame ? 1 : 0));
    }

    /// <summary>Counts a sync.</summary>
    internal void CountSync() => Volatile.Write(ref _syncs, _syncs + 1);

    /// <summary>Counts a compaction.</summary>
    internal void CountCompaction() => Volatile.Write(ref _compactions, _compactions + 1);
}
