using System.Reflection;
using System.Runtime.InteropServices;

namespace Kvs.Bench.Engines;

/// <summary>Finds the libraries of other engines where Debian puts them. They are no dependency: without them a peer is left out.</summary>
internal static class NativeLibraries
{
    /// <summary>Name of LMDB's in import declarations.</summary>
    internal const string Lmdb = "bench-lmdb";

    /// <summary>Name of RocksDB's.</summary>
    internal const string RocksDb = "bench-rocksdb";

    private static readonly Dictionary<string, string[]> _files = new()
    {
        [Lmdb] = ["liblmdb.so.0", "liblmdb.so"],
        [RocksDb] = ["librocksdb.so.7.8", "librocksdb.so.7", "librocksdb.so"],
    };

    static NativeLibraries() => NativeLibrary.SetDllImportResolver(typeof(NativeLibraries).Assembly, Resolve);

    /// <summary>Whether a library is installed.</summary>
    /// <param name="name">Its name in import declarations.</param>
    internal static bool Has(string name) => Resolve(name, typeof(NativeLibraries).Assembly, null) != 0;

    /// <summary>Name of the file of a library, which ends with its version; RocksDB has no other way to tell it.</summary>
    /// <param name="name">Its name in import declarations.</param>
    internal static string FileOf(string name)
    {
        _ = Has(name); // loads it
        var stem = _files[name][^1];
        return Path.GetFileName(File.ReadLines("/proc/self/maps").First(line => line.Contains(stem, StringComparison.Ordinal)));
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) =>
        _files.GetValueOrDefault(name, [])
            .Select(file => NativeLibrary.TryLoad(file, out var handle) ? handle : 0)
            .FirstOrDefault(static handle => handle != 0);
}
