using Kvs.Core.Platform;
using Kvs.Core.Primitives;

namespace Kvs.Core.Storage;

/// <summary>The texts of failures: what happened, where, what to do. Keeps throwing out of the hot methods.</summary>
internal static class StorageFailure
{
    private const string WhatToDo =
        "Nothing was changed. Run 'kvs-server check --data-dir DIR' for a full report; restore a backup, or run "
        + "'kvs-server repair --data-dir DIR' to keep what is intact.";

    /// <summary>Damage that was found.</summary>
    /// <param name="path">The file.</param>
    /// <param name="offset">Where it begins.</param>
    /// <param name="what">What is wrong: expected and found.</param>
    internal static KvsCorruptionException Damaged(string path, long offset, string what) =>
        new(path, offset, $"'{path}' is damaged at offset {offset}: {what} {WhatToDo}");

    /// <summary>A failed file operation, with the difference between a full disk and the rest.</summary>
    /// <param name="what">What was done, on which file.</param>
    /// <param name="cause">The cause.</param>
    /// <param name="outcome">What is known of a write.</param>
    internal static KvsStorageException Failed(string what, IOException cause,
        WriteOutcome outcome = WriteOutcome.NotApplied) =>
        FileFailure.IsDiskFull(cause)
            ? new(ErrorCode.DiskFull, $"{what}: the disk is full. Free space on it.", outcome,
                cause)
            : new(ErrorCode.StorageFailed, $"{what}: {cause.Message}", outcome, cause);

    /// <summary>An append or a sync failed: final for the writer.</summary>
    /// <param name="what">What was done, on which file, at which offset.</param>
    /// <param name="cause">The cause.</param>
    internal static KvsStorageException Fault(string what, IOException cause) => new(
        ErrorCode.Faulted,
        $"{what} failed: {cause.Message} The store takes no writes from here on. Remove the cause, then reopen: "
        + "recovery keeps everything that was acknowledged.",
        WriteOutcome.Unknown,
        cause);
}
