using Kvs.Core.Diagnostics;
using Kvs.Core.Engines;
using Kvs.Core.Engines.Members;
using Kvs.Core.Engines.Memory;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Manifests;
using Kvs.Server.Configuration;

namespace Kvs.Server.Engines;

/// <summary>Opens the engine that the options and the data directory ask for.</summary>
internal static class EngineOpener
{
    /// <summary>The engine that will be opened: the one that was asked for, else the directory's, else kvs.</summary>
    /// <param name="options">The options.</param>
    /// <param name="files">Files.</param>
    /// <returns>Its name.</returns>
    internal static string NameOf(ServerOptions options, IFileSystem files) =>
        options.Engine ?? DataDirectory.DetectEngine(files, PathOf(options)) ?? EngineName.Kvs;

    /// <summary>Full path of the data directory.</summary>
    /// <param name="options">The options.</param>
    internal static string PathOf(ServerOptions options) => Path.GetFullPath(options.DataDirectory);

    /// <summary>Opens the engine.</summary>
    /// <param name="name">From <see cref="NameOf"/>.</param>
    /// <param name="options">The options.</param>
    /// <param name="machine">Files, clock, threads, randomness.</param>
    /// <param name="events">Hears what an operator should know.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns>The engine. Ownership: the caller's.</returns>
    /// <exception cref="KvsException">The directory is locked, damaged, or of another engine.</exception>
    internal static async Task<IKvEngine> OpenAsync(
        string name,
        ServerOptions options,
        KvsEnvironment machine,
        Action<StoreEvent> events,
        CancellationToken stop) => name switch
        {
            EngineName.Kvs => await LogEngine.OpenAsync(
                PathOf(options), LogOptionsOf(options, events), MachineOf(options, machine), stop),
            EngineName.Sqlite => SqliteEngine.Open(machine, PathOf(options), SqliteOptionsOf(options)),
            EngineName.Memory => new MemoryEngine(machine.Time, machine.Random, MemoryLimitsOf(options)),
            _ => throw new KvsStorageException(ErrorCode.UnsupportedFormat,
                $"the data directory is of engine '{name}', which this version does not know"),
        };

    /// <summary>Opens the engine of a node of a cluster.</summary>
    /// <param name="options">The options.</param>
    /// <param name="machine">Files, clock, threads, randomness.</param>
    /// <param name="events">Hears what an operator should know.</param>
    /// <param name="member">Who it is.</param>
    /// <param name="stop">Gives up.</param>
    internal static ValueTask<LogEngine> OpenMemberAsync(
        ServerOptions options, KvsEnvironment machine, Action<StoreEvent> events, MemberOptions member, CancellationToken stop) =>
        LogEngine.OpenAsync(
            PathOf(options), LogOptionsOf(options, events) with { Member = member }, MachineOf(options, machine), stop);

    private static WriteLimits LimitsOf(ServerOptions options) => new(options.ValueBytesMax, options.BatchBytesMax);

    /// <summary>A quarter of what the memory engine may have is for what it has replaced and the runtime has not collected yet.</summary>
    private static WriteLimits MemoryLimitsOf(ServerOptions options) => LimitsOf(options) with
    {
        MemoryBytesMax = options.Memory.IsLimited ? options.Memory.KeyBytes / 4 * 3 : 0,
    };

    private static KvsEnvironment MachineOf(ServerOptions options, KvsEnvironment machine) =>
        options.MemoryBytes is { } bytes ? machine with { MemoryBytes = bytes } : machine;

    private static SqliteEngineOptions SqliteOptionsOf(ServerOptions options)
    {
        var sqlite = new SqliteEngineOptions
        {
            Durability = options.Durability.Durability,
            WriteLimits = LimitsOf(options),
            QueuedBytesMax = options.QueuedBytesMax,
        };
        var interval = options.Durability.Interval;
        return interval > TimeSpan.Zero ? sqlite with { SyncInterval = interval } : sqlite;
    }

    private static LogEngineOptions LogOptionsOf(ServerOptions options, Action<StoreEvent> events)
    {
        var log = new LogEngineOptions
        {
            Durability = options.Durability.Durability,
            HistoryBytes = options.HistoryBytes,
            QueuedBytesMax = options.QueuedBytesMax,
            ValueBytesMax = options.ValueBytesMax,
            BatchBytesMax = options.BatchBytesMax,
            IndexBytesMax = options.Memory.KeyBytes,
            Requests = options.Memory.Requests,
            Events = events,
        };
        var interval = options.Durability.Interval;
        return interval > TimeSpan.Zero ? log with { SyncInterval = interval } : log;
    }
}
