using Kvs.Bench.Engines.Lmdb;
using Kvs.Bench.Engines.RocksDb;
using Kvs.Core.Engines;
using Kvs.Core.Platform;
using Kvs.Server.Configuration;
using Kvs.Server.Engines;

namespace Kvs.Bench.Engines;

/// <summary>An engine that can be measured in this process.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsInstalled">Whether it is there.</param>
/// <param name="Install">How it can be installed.</param>
/// <param name="Version">Tells which version it is, where it is there.</param>
/// <param name="Settings">How it is set up, for the report.</param>
/// <param name="OpenAsync">Opens it in a directory; whether each set is synced.</param>
internal sealed record EngineKind(
    string Name, bool IsInstalled, string Install, Func<string> Version, string Settings, Func<string, bool, Task<IEngine>> OpenAsync)
{
    /// <summary>Ours.</summary>
    internal const string Kvs = "kvs";

    /// <summary>SQLite, through our engine of that name.</summary>
    internal const string Sqlite = "sqlite";

    /// <summary>Our engine without files.</summary>
    internal const string Memory = "memory";

    /// <summary>LMDB.</summary>
    internal const string Lmdb = "lmdb";

    /// <summary>RocksDB.</summary>
    internal const string RocksDb = "rocksdb";

    /// <summary>All.</summary>
    internal static IReadOnlyList<EngineKind> All { get; } =
    [
        new(Kvs, true, "", OwnVersion, "as KvStore.OpenAsync", (directory, isDurable) => OwnAsync(Kvs, directory, isDurable)),
        new(
            Sqlite, true, "", SqliteVersion, "WAL, synchronous FULL when durable, else OFF",
            (directory, isDurable) => OwnAsync(Sqlite, directory, isDurable)),
        new(Memory, true, "", OwnVersion, "nothing is written", (directory, isDurable) => OwnAsync(Memory, directory, isDurable)),
        new(
            Lmdb, NativeLibraries.Has(NativeLibraries.Lmdb), "apt-get install liblmdb0",
            LmdbLibrary.Version, "one transaction a set; MDB_NOSYNC when not durable",
            static (directory, isDurable) => Task.FromResult<IEngine>(new LmdbEngine(directory, isDurable))),
        new(
            RocksDb, NativeLibraries.Has(NativeLibraries.RocksDb), "apt-get install librocksdb7.8",
            static () => NativeLibraries.FileOf(NativeLibraries.RocksDb),
            "512 MiB block cache, Bloom filter of 10 bits, no compression, sync when durable",
            static (directory, isDurable) => Task.FromResult<IEngine>(new RocksDbEngine(directory, isDurable))),
    ];

    /// <summary>One of them.</summary>
    /// <param name="name">Its name.</param>
    internal static EngineKind Of(string name) =>
        All.FirstOrDefault(kind => kind.Name == name)
        ?? throw new ArgumentException($"No engine '{name}'; there are {string.Join(", ", All.Select(static kind => kind.Name))}.", nameof(name));

    private static string OwnVersion() => typeof(KvStore).Assembly.GetName().Version!.ToString(fieldCount: 3);

    private static string SqliteVersion()
    {
        SQLitePCL.Batteries_V2.Init();
        return $"SQLite {SQLitePCL.raw.sqlite3_libversion().utf8_to_string()}";
    }

    private static async Task<IEngine> OwnAsync(string name, string directory, bool isDurable)
    {
        _ = DurabilityMode.TryParse(isDurable ? "always" : "os", out var durability);
        var options = new ServerOptions { DataDirectory = directory, Durability = durability };
        var engine = await EngineOpener.OpenAsync(name, options, KvsEnvironment.Real(), static _ => { }, CancellationToken.None);
        return new StoreEngine(new KvStore(engine));
    }
}
