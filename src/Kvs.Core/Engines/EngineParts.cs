using Kvs.Core.Engines.Commit;
using Kvs.Core.Engines.Commit.Groups;
using Kvs.Core.Engines.Commit.Loops;
using Kvs.Core.Engines.Commit.Queue;
using Kvs.Core.Engines.Commit.Requests;
using Kvs.Core.Engines.Commit.Room;
using Kvs.Core.Engines.Compaction;
using Kvs.Core.Engines.Members;
using Kvs.Core.Engines.Watch;
using Kvs.Core.Index;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Storage;
using Kvs.Core.Storage.Feed;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Engines;

/// <summary>
/// What the loops of one <see cref="LogEngine"/> share, wired up once by the opening. It has no behaviour.
/// Ownership: the engine's, which disposes segments, index and directory when all loops have ended.
/// </summary>
internal sealed record EngineParts
{
    /// <summary>The machine.</summary>
    internal required KvsEnvironment Environment { get; init; }

    /// <summary>The settings.</summary>
    internal required LogEngineOptions Options { get; init; }

    /// <summary>The locked data directory.</summary>
    internal required DataDirectory Directory { get; init; }

    /// <summary>Which files are live.</summary>
    internal required ManifestStore Manifests { get; init; }

    /// <summary>Makes and removes segment files.</summary>
    internal required SegmentFiles Files { get; init; }

    /// <summary>The open segments.</summary>
    internal required SegmentSet Segments { get; init; }

    /// <summary>Sealed segments for whose hint files the disk had no room at the opening.</summary>
    internal required IReadOnlySet<uint> Unhinted { get; init; }

    /// <summary>Segments ahead of need, dropped files, the disk reserve.</summary>
    internal required SpareSegments Spares { get; init; }

    /// <summary>Salts.</summary>
    internal required StoreRandom Random { get; init; }

    /// <summary>Appends and syncs.</summary>
    internal required LogWriter Log { get; init; }

    /// <summary>The log as cursors read it.</summary>
    internal required LogFeed Feed { get; init; }

    /// <summary>Key to location.</summary>
    internal required KeyIndex Index { get; init; }

    /// <summary>Sequence to epoch.</summary>
    internal required LogEpochs Epochs { get; init; }

    /// <summary>Live bytes by file.</summary>
    internal required SegmentUsage Usage { get; init; }

    /// <summary>Gives log time. Commit thread only.</summary>
    internal required LogClock Clock { get; init; }

    /// <summary>Builds the frame of the group in hand. Commit thread only.</summary>
    internal required GroupBuilder Frame { get; init; }

    /// <summary>Which numbered requests were applied. Commit thread only.</summary>
    internal required NumberedRequests Requests { get; init; }

    /// <summary>The same as of what is sealed. Prepare thread only.</summary>
    internal required SealedRequests SealedRequests { get; init; }

    /// <summary>Room for the group in hand. Commit thread only.</summary>
    internal required LogRoom Room { get; init; }

    /// <summary>Room for keys in memory. Commit thread only.</summary>
    internal required IndexRoom IndexRoom { get; init; }

    /// <summary>Segments for the commit thread, and those that it leaves to be sealed.</summary>
    internal required SegmentSupply Supply { get; init; }

    /// <summary>Work that waits.</summary>
    internal required CommitQueue Queue { get; init; }

    /// <summary>How far the log is committed.</summary>
    internal required CommitGate Gate { get; init; }

    /// <summary>Whether writing has ended for good.</summary>
    internal required FaultLatch Fault { get; init; }

    /// <summary>The threads.</summary>
    internal required EngineThreads Threads { get; init; }

    /// <summary>How the loops end.</summary>
    internal required CloseSequence Closing { get; init; }

    /// <summary>What replication sees of a member; null for a store of its own.</summary>
    internal MemberLog? Member { get; init; }

    /// <summary>Groups between the commit and the sync thread.</summary>
    internal required GroupHandOff HandOff { get; init; }

    /// <summary>Wakes who waits for more to be published.</summary>
    internal PublicationSignal Watchers { get; } = new();

    /// <summary>Index entries that compaction wants moved.</summary>
    internal EntryMoves Moves { get; } = new();

    /// <summary>What was done since the opening.</summary>
    internal EngineCounters Counters { get; } = new();
}

/// <summary>The loops of one engine, which wake each other.</summary>
internal sealed record EngineThreads
{
    /// <summary>Gathers, applies, appends.</summary>
    internal LoopHandle Commit { get; } = new();

    /// <summary>Syncs, publishes, acknowledges.</summary>
    internal LoopHandle Sync { get; } = new();

    /// <summary>Makes segments ready, seals full ones.</summary>
    internal LoopHandle Prepare { get; } = new();

    /// <summary>Compacts.</summary>
    internal LoopHandle Compaction { get; } = new();
}
