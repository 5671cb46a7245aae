namespace Kvs.Crash.Tests.Toy;

/// <summary>The mistakes of an engine that the crash harness must find.</summary>
internal enum ToyMistake
{
    /// <summary>None: the engine is right.</summary>
    None,

    /// <summary>Answers before the sync.</summary>
    AcknowledgesBeforeSync,

    /// <summary>Shows a group to readers before it is appended.</summary>
    PublishesBeforeAppend,

    /// <summary>Does not sync the directory after the rename that replaces its log.</summary>
    RenamesWithoutDirectorySync,

    /// <summary>Syncs again after a failed sync, and believes the second one.</summary>
    BelievesSecondSync,

    /// <summary>Goes on changing memory that a snapshot still reads: a page reused one group too early.</summary>
    ReusesStateTooEarly,

    /// <summary>Writes each operation of a batch as a frame of its own.</summary>
    SplitsBatches,
}
