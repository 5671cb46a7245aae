using Kvs.Core.Primitives;
using Microsoft.Data.Sqlite;

namespace Kvs.Server.Engines;

/// <summary>Turns SQLite's failures into ours. Codes: https://www.sqlite.org/rescode.html.</summary>
internal static class SqliteFailure
{
    private const int Busy = 5;
    private const int Locked = 6;
    private const int Corrupt = 11;
    private const int Full = 13;
    private const int NotADatabase = 26;

    /// <summary>Whether writing may work again later without reopening: no room, or another program is in the way.</summary>
    /// <param name="cause">The failure.</param>
    internal static bool MayPass(Exception cause) =>
        cause is SqliteException { SqliteErrorCode: Full or Busy or Locked };

    /// <summary>Whether the disk is full.</summary>
    /// <param name="cause">The failure.</param>
    internal static bool IsDiskFull(Exception cause) => cause is SqliteException { SqliteErrorCode: Full };

    /// <summary>The exception for a failed open or read.</summary>
    /// <param name="cause">The failure.</param>
    /// <param name="path">The database.</param>
    /// <returns>The exception, to be thrown.</returns>
    internal static KvsException Of(SqliteException cause, string path) => cause.SqliteErrorCode switch
    {
        Corrupt or NotADatabase => new KvsCorruptionException(
            path, 0, $"The database '{path}' is damaged: {cause.Message} Restore it from a copy, or try sqlite3's .recover."),
        Full => new KvsStorageException(
            ErrorCode.DiskFull,
            $"The disk of '{path}' is full, and engine sqlite needs room to start, and even to remove. Free space, then "
            + "start again.",
            WriteOutcome.NotApplied,
            cause),
        _ => new KvsStorageException(
            ErrorCode.StorageFailed, $"Reading '{path}' failed: {cause.Message}", WriteOutcome.NotApplied, cause),
    };
}
