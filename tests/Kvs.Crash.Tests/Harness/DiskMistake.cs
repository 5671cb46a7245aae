namespace Kvs.Crash.Tests.Harness;

/// <summary>Mistakes that an engine makes when the file system below it hides them from it.</summary>
internal enum DiskMistake
{
    /// <summary>A sync returns at once and does nothing: what follows it, the engine does too early.</summary>
    AcknowledgesBeforeSync,

    /// <summary>A write of the log and its sync wait until the next write comes: readers are first.</summary>
    PublishesBeforeAppend,

    /// <summary>Directories are never synced.</summary>
    RenamesWithoutDirectorySync,

    /// <summary>A failed sync is tried again, and the second one is believed.</summary>
    BelievesSecondSync,
}
