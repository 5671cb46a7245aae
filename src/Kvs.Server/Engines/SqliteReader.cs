using System.Buffers;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Microsoft.Data.Sqlite;

namespace Kvs.Server.Engines;

/// <summary>A reading connection with its prepared commands. Threading: one user at a time. Ownership: the pool's.</summary>
internal sealed class SqliteReader : IDisposable
{
    private readonly string _path;
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _get;
    private readonly SqliteCommand _state;

    /// <summary>Connects.</summary>
    /// <param name="path">The database.</param>
    internal SqliteReader(string path)
    {
        _path = path;
        _connection = SqliteDatabase.Connect(path, writable: false);
        _get = SqliteDatabase.Command(
            _connection, "SELECT length(value), expires, epoch, sequence, value, content_type FROM entries WHERE key = $key");
        _get.Parameters.Add("$key", SqliteType.Blob);
        _state = SqliteDatabase.Command(_connection, "SELECT log_time, epoch, sequence FROM store");
    }

    /// <summary>Begins to see one state, until <see cref="End"/>.</summary>
    /// <returns>Its version and log time.</returns>
    internal (KvsVersion Version, long LogTimeMillis) Begin() => Guard(static (reader, _) =>
    {
        SqliteDatabase.Execute(reader._connection, "BEGIN");

        // The first read fixes the state that the transaction sees.
        using var row = reader._state.ExecuteReader();
        Check.That(row.Read());
        return (SqliteDatabase.VersionOf(row, 1), row.GetInt64(0));
    }, 0);

    /// <summary>Ends seeing one state.</summary>
    internal void End() => SqliteDatabase.Execute(_connection, "ROLLBACK");

    /// <summary>Reads a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">Where the value is copied to; null when it is not wanted.</param>
    /// <param name="bounds">What the read may do.</param>
    /// <param name="info">Version, expiry and length.</param>
    /// <returns>What came of it.</returns>
    internal PointRead Get(
        ReadOnlySpan<byte> key, IBufferWriter<byte>? value, in ReadBounds bounds, out EntryInfo info)
    {
        _get.Parameters[0].Value = key.ToArray();
        (var read, info) = Guard(static (reader, call) =>
        {
            using var row = reader._get.ExecuteReader();
            if (!row.Read())
            {
                return (PointRead.Missing, default(EntryInfo));
            }

            var found = InfoOf(row);
            if (call.value is not null && found.ValueLength > call.bounds.ValueBytesMax)
            {
                return (PointRead.TooLong, found);
            }

            call.value?.Write(row.GetFieldValue<byte[]>(4));
            var wantsType = call.value is not null || call.bounds.WithContentType;
            return (PointRead.Found, wantsType ? found with { ContentType = ContentTypeOf(row, 5) } : found);
        }, (value, bounds));
        return read;
    }

    /// <summary>Counts the rows of a range.</summary>
    /// <param name="range">The range.</param>
    internal long Count(in KeyRange range) => Guard(static (reader, range) =>
    {
        using var command = reader.OverRange("SELECT count(*)", range, string.Empty);
        return (long)command.ExecuteScalar()!;
    }, range);

    /// <summary>Opens a walk over a range.</summary>
    /// <param name="range">The range.</param>
    /// <param name="reverse">From the last key to the first.</param>
    /// <returns>The walk. Ownership: the caller disposes it before it ends seeing the state.</returns>
    internal SqliteCursor Scan(in KeyRange range, bool reverse)
    {
        var order = reverse ? "ORDER BY key DESC" : "ORDER BY key";
        var command = OverRange("SELECT length(value), expires, epoch, sequence, value, key, content_type", range, order);
        return new SqliteCursor(command, _path);
    }

    /// <summary>A content type from a column.</summary>
    /// <param name="row">The row.</param>
    /// <param name="ordinal">The column.</param>
    internal static string? ContentTypeOf(SqliteDataReader row, int ordinal) =>
        row.IsDBNull(ordinal) ? null : row.GetString(ordinal);

    /// <summary>Version, expiry and length from the first four columns of a row.</summary>
    /// <param name="row">The row.</param>
    internal static EntryInfo InfoOf(SqliteDataReader row) =>
        new(SqliteDatabase.VersionOf(row, 2), row.GetInt64(1), row.GetInt32(0));

    /// <inheritdoc/>
    public void Dispose()
    {
        _get.Dispose();
        _state.Dispose();
        _connection.Dispose();
    }

    private SqliteCommand OverRange(string select, in KeyRange range, string order)
    {
        var end = range.To is null ? string.Empty : "AND key < $to";
        var command = SqliteDatabase.Command(_connection, $"{select} FROM entries WHERE key >= $from {end} {order}");
        command.Parameters.Add("$from", SqliteType.Blob).Value = range.From.ToArray();
        if (range.To is { } to)
        {
            command.Parameters.Add("$to", SqliteType.Blob).Value = to.ToArray();
        }

        return command;
    }

    private TResult Guard<TArgument, TResult>(Func<SqliteReader, TArgument, TResult> read, TArgument argument)
    {
        try
        {
            return read(this, argument);
        }
        catch (SqliteException cause)
        {
            throw SqliteFailure.Of(cause, _path);
        }
    }
}
