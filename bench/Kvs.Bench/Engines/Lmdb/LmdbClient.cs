using System.Runtime.InteropServices;

namespace Kvs.Bench.Engines.Lmdb;

/// <summary>A client of LMDB: a read transaction and a cursor that are renewed. Threading: one call at a time.</summary>
internal sealed class LmdbClient : IEngineClient
{
    private readonly nint _environment;
    private readonly uint _database;
    private readonly nint _reading;
    private readonly nint _cursor;

    /// <summary>Begins the transaction.</summary>
    /// <param name="environment">The environment.</param>
    /// <param name="database">The database in it.</param>
    internal LmdbClient(nint environment, uint database)
    {
        (_environment, _database) = (environment, database);
        LmdbLibrary.Require(LmdbLibrary.Begin(environment, 0, LmdbLibrary.ReadOnly, out _reading));
        LmdbLibrary.Require(LmdbLibrary.OpenCursor(_reading, database, out _cursor));
        LmdbLibrary.Reset(_reading);
    }

    /// <inheritdoc/>
    public ValueTask SetAsync(byte[] key, ReadOnlyMemory<byte> value)
    {
        LmdbLibrary.Require(LmdbLibrary.Begin(_environment, 0, 0, out var transaction));
        Put(transaction, _database, key, value);
        LmdbLibrary.Require(LmdbLibrary.Commit(transaction));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public unsafe ValueTask<int> GetAsync(byte[] key)
    {
        LmdbLibrary.Require(LmdbLibrary.Renew(_reading));
        fixed (byte* keyBytes = key)
        {
            var code = LmdbLibrary.Get(_reading, _database, new((nuint)key.Length, (nint)keyBytes), out var value);
            var length = code == LmdbLibrary.NotFound ? IEngineClient.Missing : Copy(code, value).Length;
            LmdbLibrary.Reset(_reading);
            return new(length);
        }
    }

    /// <inheritdoc/>
    public unsafe ValueTask<int> ScanAsync(byte[] from, int count)
    {
        LmdbLibrary.Require(LmdbLibrary.Renew(_reading));
        LmdbLibrary.Require(LmdbLibrary.RenewCursor(_reading, _cursor));
        var entries = new List<(byte[] Key, byte[] Value)>(count);
        fixed (byte* keyBytes = from)
        {
            var key = new LmdbLibrary.Bytes((nuint)from.Length, (nint)keyBytes);
            var code = LmdbLibrary.Move(_cursor, ref key, out var value, LmdbLibrary.SeekRange);
            while (code == 0 && entries.Count < count)
            {
                entries.Add((Copy(code, key), Copy(code, value)));
                code = LmdbLibrary.Move(_cursor, ref key, out value, LmdbLibrary.Next);
            }
        }

        LmdbLibrary.Reset(_reading);
        return new(entries.Count);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        LmdbLibrary.CloseCursor(_cursor);
        LmdbLibrary.Abort(_reading);
    }

    /// <summary>Puts a key in a transaction.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="database">The database.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    internal static unsafe void Put(nint transaction, uint database, byte[] key, ReadOnlyMemory<byte> value)
    {
        fixed (byte* keyBytes = key, valueBytes = value.Span)
        {
            LmdbLibrary.Require(LmdbLibrary.Put(
                transaction, database, new((nuint)key.Length, (nint)keyBytes), new((nuint)value.Length, (nint)valueBytes), 0));
        }
    }

    private static byte[] Copy(int code, LmdbLibrary.Bytes bytes)
    {
        LmdbLibrary.Require(code);
        var copy = new byte[bytes.Length];
        Marshal.Copy(bytes.Data, copy, 0, copy.Length);
        return copy;
    }
}
