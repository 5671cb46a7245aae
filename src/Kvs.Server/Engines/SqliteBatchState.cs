using System.Buffers;
using Kvs.Core.Engines;
using Kvs.Core.Primitives;
using Microsoft.Data.Sqlite;

namespace Kvs.Server.Engines;

/// <summary>
/// The working state of the sqlite engine: the rows as the writer's open transaction sees them. A batch is a savepoint,
/// set before its first change. Threading: the writer's loop only.
/// </summary>
internal sealed class SqliteBatchState : IBatchState, IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _find;
    private readonly SqliteCommand _value;
    private readonly SqliteCommand _set;
    private readonly SqliteCommand _setExpiry;
    private readonly SqliteCommand _remove;
    private readonly SqliteCommand _savepoint;
    private readonly SqliteCommand _release;
    private readonly SqliteCommand _rollBack;
    private KvsVersion _batchVersion;
    private long _batchBytes;
    private bool _hasSavepoint;
    private bool _isSingle;

    /// <summary>Prepares its commands.</summary>
    /// <param name="connection">The writing connection. Ownership: the caller's.</param>
    /// <param name="valueBytesMax">Longest value that is taken.</param>
    internal SqliteBatchState(SqliteConnection connection, int valueBytesMax)
    {
        ValueBytesMax = valueBytesMax;
        _connection = connection;
        _find = OnKey("SELECT length(value), expires, epoch, sequence FROM entries WHERE key = $key");
        _value = OnKey("SELECT value, content_type FROM entries WHERE key = $key");
        _remove = OnKey("DELETE FROM entries WHERE key = $key");
        _setExpiry = OnKey(
            "UPDATE entries SET expires = $expires, epoch = $epoch, sequence = $sequence WHERE key = $key",
            "$expires", "$epoch", "$sequence");
        _set = OnKey(
            "INSERT OR REPLACE INTO entries (key, value, epoch, sequence, expires, content_type) "
            + "VALUES ($key, $value, $epoch, $sequence, $expires, $type)",
            "$expires", "$epoch", "$sequence");
        _set.Parameters.Add("$value", SqliteType.Blob);
        _set.Parameters.Add("$type", SqliteType.Text);
        _savepoint = SqliteDatabase.Command(connection, "SAVEPOINT batch");
        _release = SqliteDatabase.Command(connection, "RELEASE batch");
        _rollBack = SqliteDatabase.Command(connection, "ROLLBACK TO batch");
    }

    /// <inheritdoc/>
    public long LogTimeMillis { get; private set; }

    /// <inheritdoc/>
    public bool IsTooLarge => _batchBytes > Limits.BatchRecordBytesMax;

    /// <inheritdoc/>
    public int ValueBytesMax { get; }

    /// <summary>Begins a batch.</summary>
    /// <param name="version">The version that it makes if it changes something.</param>
    /// <param name="logTimeMillis">Log time of its group.</param>
    /// <param name="isSingle">Whether it is one operation, which fails before it changes anything and needs no savepoint.</param>
    internal void BeginBatch(KvsVersion version, long logTimeMillis, bool isSingle)
    {
        Check.That(!_hasSavepoint);
        _batchVersion = version;
        _batchBytes = 0;
        LogTimeMillis = logTimeMillis;
        _isSingle = isSingle;
    }

    /// <summary>Ends a batch, applied or rolled back.</summary>
    internal void EndBatch()
    {
        if (_hasSavepoint)
        {
            _hasSavepoint = false;
            _release.ExecuteNonQuery();
        }
    }

    /// <summary>Forgets a batch whose whole transaction is gone.</summary>
    internal void Abandon() => _hasSavepoint = false;

    /// <inheritdoc/>
    public bool TryFind(ReadOnlySpan<byte> key, out EntryInfo info)
    {
        _find.Parameters[0].Value = key.ToArray();
        using var row = _find.ExecuteReader();
        var found = row.Read();
        info = found ? SqliteReader.InfoOf(row) : default;
        return found;
    }

    /// <inheritdoc/>
    public string? CopyValue(ReadOnlySpan<byte> key, IBufferWriter<byte> target)
    {
        _value.Parameters[0].Value = key.ToArray();
        using var row = _value.ExecuteReader();
        Check.That(row.Read());
        target.Write(row.GetFieldValue<byte[]>(0));
        return SqliteReader.ContentTypeOf(row, 1);
    }

    /// <inheritdoc/>
    public void Set(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long expiresAtMillis, string? contentType)
    {
        _batchBytes += key.Length + value.Length;
        _set.Parameters[4].Value = value.ToArray();
        _set.Parameters[5].Value = (object?)contentType ?? DBNull.Value;
        Change(_set, key, expiresAtMillis);
    }

    /// <inheritdoc/>
    public void SetExpiry(ReadOnlySpan<byte> key, long expiresAtMillis) => Change(_setExpiry, key, expiresAtMillis);

    /// <inheritdoc/>
    public void Remove(ReadOnlySpan<byte> key)
    {
        BeginChange();
        _remove.Parameters[0].Value = key.ToArray();
        Check.That(_remove.ExecuteNonQuery() == 1);
    }

    /// <inheritdoc/>
    public void RollBack()
    {
        if (_hasSavepoint)
        {
            _rollBack.ExecuteNonQuery();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var command in (SqliteCommand[])[_find, _value, _set, _setExpiry, _remove, _savepoint, _release, _rollBack])
        {
            command.Dispose();
        }
    }

    private SqliteCommand OnKey(string text, params ReadOnlySpan<string> integers)
    {
        var command = SqliteDatabase.Command(_connection, text);
        command.Parameters.Add("$key", SqliteType.Blob);
        foreach (var name in integers)
        {
            command.Parameters.Add(name, SqliteType.Integer);
        }

        return command;
    }

    private void Change(SqliteCommand command, ReadOnlySpan<byte> key, long expiresAtMillis)
    {
        BeginChange();
        command.Parameters[0].Value = key.ToArray();
        command.Parameters[1].Value = expiresAtMillis;
        command.Parameters[2].Value = unchecked((long)_batchVersion.Epoch);
        command.Parameters[3].Value = unchecked((long)_batchVersion.Sequence);
        Check.That(command.ExecuteNonQuery() == 1);
    }

    private void BeginChange()
    {
        if (!_hasSavepoint && !_isSingle)
        {
            _savepoint.ExecuteNonQuery();
            _hasSavepoint = true;
        }
    }
}
