using System.Globalization;
using Kvs.Core.Primitives;
using Kvs.Core.Storage;
using Microsoft.Data.Sqlite;

namespace Kvs.Server.Engines;

/// <summary>
/// The database file of a <see cref="SqliteEngine"/>: its place, its schema, and small commands.
/// </summary>
/// <remarks>
/// Tables: <c>entries</c>, a row per key with value, version (epoch, sequence; u64 kept as the same 64 bits), expiry (unix
/// milliseconds, 0 for none) and content type (null for none); <c>store</c>, one row with the format, the newest version and the
/// log time. Each transaction that moves the log time on removes what has expired by then, so a row that is there is visible.
/// </remarks>
internal static class SqliteDatabase
{
    /// <summary>Name of the database in the data directory.</summary>
    internal const string FileName = StoreFiles.Database;

    private const long Format = 2;

    /// <summary>Without the content type, which <see cref="Upgrade"/> adds.</summary>
    private const long OlderFormat = 1;

    private const string Upgrade = """
        BEGIN IMMEDIATE;
        ALTER TABLE entries ADD COLUMN content_type TEXT;
        UPDATE store SET format = 2;
        COMMIT;
        """;

    private const string Schema = """
        CREATE TABLE IF NOT EXISTS entries (
            key BLOB NOT NULL PRIMARY KEY,
            value BLOB NOT NULL,
            epoch INTEGER NOT NULL,
            sequence INTEGER NOT NULL,
            expires INTEGER NOT NULL,
            content_type TEXT) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS entries_by_expiry ON entries (expires) WHERE expires <> 0;
        CREATE TABLE IF NOT EXISTS store (
            id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
            format INTEGER NOT NULL,
            epoch INTEGER NOT NULL,
            sequence INTEGER NOT NULL,
            log_time INTEGER NOT NULL);
        """;

    /// <summary>Opens a connection.</summary>
    /// <param name="path">The database.</param>
    /// <param name="writable">Whether it writes, and creates the database when it is missing.</param>
    /// <returns>The connection. Ownership: the caller's.</returns>
    internal static SqliteConnection Connect(string path, bool writable)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = writable ? SqliteOpenMode.ReadWriteCreate : SqliteOpenMode.ReadOnly,

            // Seconds to wait for a lock of another program: all other writes wait behind it.
            DefaultTimeout = 2,

            // The engine keeps its own readers; a pooled connection would hold the files open after a close.
            Pooling = false,
        }.ToString());
        try
        {
            connection.Open();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Makes the tables of a new database, and brings one that is there to this format: older programs refuse it then.
    /// </summary>
    /// <param name="writer">The writing connection.</param>
    /// <param name="path">The database, for messages.</param>
    internal static void Prepare(SqliteConnection writer, string path)
    {
        Execute(writer, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
        Execute(writer, Schema);
        Execute(writer, $"INSERT OR IGNORE INTO store VALUES (1, {Format}, 0, 0, 0);");
        using var command = Command(writer, "SELECT format FROM store");
        var format = Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
        if (format == OlderFormat)
        {
            Execute(writer, Upgrade);
        }
        else if (format != Format)
        {
            throw new KvsStorageException(
                ErrorCode.UnsupportedFormat,
                $"The database '{path}' has format {format}; this program knows {OlderFormat} and {Format}. Use a newer program.");
        }
    }

    /// <summary>Makes a command.</summary>
    /// <param name="connection">Its connection.</param>
    /// <param name="text">Its text.</param>
    /// <returns>The command. Ownership: the caller's.</returns>
    internal static SqliteCommand Command(SqliteConnection connection, string text)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // All texts are constants of this room; values are parameters.
        command.CommandText = text;
#pragma warning restore CA2100
        return command;
    }

    /// <summary>Runs a command without result.</summary>
    /// <param name="connection">Its connection.</param>
    /// <param name="text">Its text.</param>
    internal static void Execute(SqliteConnection connection, string text)
    {
        using var command = Command(connection, text);
        command.ExecuteNonQuery();
    }

    /// <summary>A version from two columns.</summary>
    /// <param name="row">The row.</param>
    /// <param name="ordinal">Column of the epoch; the sequence follows.</param>
    internal static KvsVersion VersionOf(SqliteDataReader row, int ordinal) =>
        new(unchecked((ulong)row.GetInt64(ordinal)), unchecked((ulong)row.GetInt64(ordinal + 1)));
}
