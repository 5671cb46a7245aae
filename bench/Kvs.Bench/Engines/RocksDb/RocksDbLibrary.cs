using System.Runtime.InteropServices;

namespace Kvs.Bench.Engines.RocksDb;

/// <summary>What the bench needs of librocksdb 7 (rocksdb/c.h).</summary>
internal static partial class RocksDbLibrary
{
    /// <summary>Throws when a call has left an error.</summary>
    /// <param name="error">The text that it left, or 0.</param>
    internal static void Require(nint error)
    {
        if (error != 0)
        {
            var text = Marshal.PtrToStringUTF8(error);
            Free(error);
            throw new InvalidOperationException($"RocksDB: {text}");
        }
    }

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_free")]
    internal static partial void Free(nint memory);

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_options_create")]
    internal static partial nint CreateOptions();

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_options_set_create_if_missing")]
    internal static partial void SetCreateIfMissing(nint options, byte isWanted);

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_options_set_compression")]
    internal static partial void SetCompression(nint options, int kind);

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_options_set_block_based_table_factory")]
    internal static partial void SetTable(nint options, nint table);

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_block_based_options_create")]
    internal static partial nint CreateTable();

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_block_based_options_set_block_cache")]
    internal static partial void SetCache(nint table, nint cache);

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_block_based_options_set_filter_policy")]
    internal static partial void SetFilter(nint table, nint filter);

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_cache_create_lru")]
    internal static partial nint CreateCache(nuint bytes);

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_filterpolicy_create_bloom")]
    internal static partial nint CreateBloomFilter(double bitsPerKey);

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_open", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint Open(nint options, string directory, out nint error);

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_close")]
    internal static partial void Close(nint database);

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_readoptions_create")]
    internal static partial nint CreateReadOptions();

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_writeoptions_create")]
    internal static partial nint CreateWriteOptions();

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_writeoptions_set_sync")]
    internal static partial void SetSync(nint options, byte isWanted);

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_put")]
    internal static unsafe partial void Put(
        nint database, nint options, byte* key, nuint keyLength, byte* value, nuint valueLength, out nint error);

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_get_pinned")]
    internal static unsafe partial nint Get(nint database, nint options, byte* key, nuint keyLength, out nint error);

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_pinnableslice_value")]
    internal static partial nint ValueOf(nint slice, out nuint length);

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_pinnableslice_destroy")]
    internal static partial void DestroySlice(nint slice);

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_writebatch_create")]
    internal static partial nint CreateBatch();

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_writebatch_put")]
    internal static unsafe partial void PutInBatch(nint batch, byte* key, nuint keyLength, byte* value, nuint valueLength);

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_write")]
    internal static partial void Write(nint database, nint options, nint batch, out nint error);

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_writebatch_destroy")]
    internal static partial void DestroyBatch(nint batch);

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_create_iterator")]
    internal static partial nint CreateIterator(nint database, nint options);

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_iter_seek")]
    internal static unsafe partial void Seek(nint iterator, byte* key, nuint keyLength);

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_iter_valid")]
    internal static partial byte IsValid(nint iterator);

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_iter_next")]
    internal static partial void MoveNext(nint iterator);

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_iter_key")]
    internal static partial nint KeyAt(nint iterator, out nuint length);

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_iter_value")]
    internal static partial nint ValueAt(nint iterator, out nuint length);

    [LibraryImport(NativeLibraries.RocksDb, EntryPoint = "rocksdb_iter_destroy")]
    internal static partial void DestroyIterator(nint iterator);
}
