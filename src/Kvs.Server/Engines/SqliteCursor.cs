using System.Buffers;
using Kvs.Core.Engines;
using Microsoft.Data.Sqlite;

namespace Kvs.Server.Engines;

/// <summary>A walk over rows: a running statement of a snapshot's connection. A value is read only when it is copied.</summary>
internal sealed class SqliteCursor : IEntryCursor
{
    private readonly string _path;
    private readonly SqliteCommand _command;
    private SqliteDataReader? _rows;
    private byte[] _key = [];

    /// <summary>Stands before the first row.</summary>
    /// <param name="command">Gives the rows. Ownership: the cursor's.</param>
    /// <param name="path">The database, for messages.</param>
    internal SqliteCursor(SqliteCommand command, string path)
    {
        _command = command;
        _path = path;
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Key => _key;

    /// <inheritdoc/>
    public EntryInfo Info { get; private set; }

    /// <inheritdoc/>
    public bool MoveNext()
    {
        try
        {
            _rows ??= _command.ExecuteReader();
            if (!_rows.Read())
            {
                return false;
            }

            _key = _rows.GetFieldValue<byte[]>(5);
            Info = SqliteReader.InfoOf(_rows);
            return true;
        }
        catch (SqliteException cause)
        {
            throw SqliteFailure.Of(cause, _path);
        }
    }

    /// <inheritdoc/>
    public string? CopyValue(IBufferWriter<byte> value)
    {
        try
        {
            value.Write(_rows!.GetFieldValue<byte[]>(4));
            return SqliteReader.ContentTypeOf(_rows, 6);
        }
        catch (SqliteException cause)
        {
            throw SqliteFailure.Of(cause, _path);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _rows?.Dispose();
        _command.Dispose();
    }
}
