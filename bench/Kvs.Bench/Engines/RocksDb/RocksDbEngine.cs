using System.Runtime.InteropServices;

namespace Kvs.Bench.Engines.RocksDb;

/// <summary>
/// RocksDB with what its authors recommend for such data: 512 MiB of block cache, a Bloom filter of 10 bits; no compression, as
/// values do not repeat. Ownership: of the database; its small option objects live as long as the process.
/// </summary>
internal sealed class RocksDbEngine : IEngine, IEngineClient
{
    private const int CacheBytes = 512 * 1024 * 1024;
    private const double FilterBits = 10;
    private const int NoCompression = 0;

    private readonly nint _database;
    private readonly nint _reading = RocksDbLibrary.CreateReadOptions();
    private readonly nint _writing = RocksDbLibrary.CreateWriteOptions();

    /// <summary>Opens it.</summary>
    /// <param name="directory">Its directory.</param>
    /// <param name="isDurable">Whether each set is synced.</param>
    internal RocksDbEngine(string directory, bool isDurable)
    {
        var table = RocksDbLibrary.CreateTable();
        RocksDbLibrary.SetCache(table, RocksDbLibrary.CreateCache(CacheBytes));
        RocksDbLibrary.SetFilter(table, RocksDbLibrary.CreateBloomFilter(FilterBits));
        var options = RocksDbLibrary.CreateOptions();
        RocksDbLibrary.SetTable(options, table);
        RocksDbLibrary.SetCompression(options, NoCompression);
        RocksDbLibrary.SetCreateIfMissing(options, 1);
        RocksDbLibrary.SetSync(_writing, isDurable ? (byte)1 : (byte)0);
        _database = RocksDbLibrary.Open(options, directory, out var error);
        RocksDbLibrary.Require(error);
    }

    /// <inheritdoc/>
    public IEngineClient Connect() => this;

    /// <inheritdoc/>
    public unsafe ValueTask SetAsync(byte[] key, ReadOnlyMemory<byte> value)
    {
        fixed (byte* keyBytes = key, valueBytes = value.Span)
        {
            RocksDbLibrary.Put(_database, _writing, keyBytes, (nuint)key.Length, valueBytes, (nuint)value.Length, out var error);
            RocksDbLibrary.Require(error);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public unsafe ValueTask<int> GetAsync(byte[] key)
    {
        fixed (byte* keyBytes = key)
        {
            var slice = RocksDbLibrary.Get(_database, _reading, keyBytes, (nuint)key.Length, out var error);
            RocksDbLibrary.Require(error);
            if (slice == 0)
            {
                return new(IEngineClient.Missing);
            }

            var value = Copy(RocksDbLibrary.ValueOf(slice, out var length), length);
            RocksDbLibrary.DestroySlice(slice);
            return new(value.Length);
        }
    }

    /// <inheritdoc/>
    public unsafe ValueTask<int> ScanAsync(byte[] from, int count)
    {
        var entries = new List<(byte[] Key, byte[] Value)>(count);
        var iterator = RocksDbLibrary.CreateIterator(_database, _reading);
        fixed (byte* keyBytes = from)
        {
            RocksDbLibrary.Seek(iterator, keyBytes, (nuint)from.Length);
        }

        for (; entries.Count < count && RocksDbLibrary.IsValid(iterator) != 0; RocksDbLibrary.MoveNext(iterator))
        {
            var key = Copy(RocksDbLibrary.KeyAt(iterator, out var keyLength), keyLength);
            entries.Add((key, Copy(RocksDbLibrary.ValueAt(iterator, out var valueLength), valueLength)));
        }

        RocksDbLibrary.DestroyIterator(iterator);
        return new(entries.Count);
    }

    /// <inheritdoc/>
    public unsafe ValueTask SetManyAsync(IReadOnlyList<EnginePair> pairs)
    {
        var batch = RocksDbLibrary.CreateBatch();
        foreach (var (key, value) in pairs)
        {
            fixed (byte* keyBytes = key, valueBytes = value.Span)
            {
                RocksDbLibrary.PutInBatch(batch, keyBytes, (nuint)key.Length, valueBytes, (nuint)value.Length);
            }
        }

        RocksDbLibrary.Write(_database, _writing, batch, out var error);
        RocksDbLibrary.DestroyBatch(batch);
        RocksDbLibrary.Require(error);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Clients have nothing of their own.
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        RocksDbLibrary.Close(_database);
        return ValueTask.CompletedTask;
    }

    private static byte[] Copy(nint data, nuint length)
    {
        var copy = new byte[length];
        Marshal.Copy(data, copy, 0, copy.Length);
        return copy;
    }
}
