namespace Kvs.Core.Diagnostics;

/// <summary>What an operator should hear of a store. The texts say what happened, where, and what to do.</summary>
internal enum StoreEventKind
{
    /// <summary>The store is open.</summary>
    Opened = 1,

    /// <summary>Bytes whose sync never returned were cut off the log's end.</summary>
    TailCut = 2,

    /// <summary>A hint file was damaged, or not made yet, and was made from its segment.</summary>
    HintRebuilt = 3,

    /// <summary>A file that no manifest names was removed.</summary>
    OrphanRemoved = 4,

    /// <summary>A snapshot is held for long and keeps files and memory alive.</summary>
    SnapshotOld = 5,

    /// <summary>The disk is full: writes are refused.</summary>
    DiskFull = 6,

    /// <summary>There is room again: writes are taken.</summary>
    DiskHasRoom = 7,

    /// <summary>An append or a sync failed: the store is read-only until it is reopened.</summary>
    Faulted = 8,

    /// <summary>A compaction is done.</summary>
    Compacted = 9,

    /// <summary>A compaction could not be done; the files stay as they are.</summary>
    CompactionFailed = 10,

    /// <summary>The store is closed.</summary>
    Closed = 11,

    /// <summary>A record that was to be read is damaged: told once for each place.</summary>
    DamageFound = 12,

    /// <summary>The index has all the memory that it may have: new keys are refused.</summary>
    MemoryFull = 13,

    /// <summary>There is memory again: new keys are taken.</summary>
    MemoryHasRoom = 14,
}

/// <summary>How much a <see cref="StoreEvent"/> matters.</summary>
internal enum StoreEventLevel
{
    /// <summary>For whoever looks for something.</summary>
    Debug = 0,

    /// <summary>For whoever is curious.</summary>
    Information = 1,

    /// <summary>Worth a look.</summary>
    Warning = 2,

    /// <summary>Needs somebody.</summary>
    Error = 3,
}

/// <summary>
/// Something that happened inside a store, for the log of the program around it. The engine only tells; who listens
/// decides where it goes. Threading: told on threads of the engine, so a listener must not block and must not throw.
/// </summary>
/// <param name="Level">How much it matters.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Message">The text.</param>
internal readonly record struct StoreEvent(StoreEventLevel Level, StoreEventKind Kind, string Message);
