using Kvs.Core.Engines.Recovery;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Storage;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Offline;
using Kvs.Server.Configuration;
using Kvs.Server.Engines;
using Kvs.Server.Hosting;

namespace Kvs.Server.Offline;

/// <summary>
/// The commands that work on a data directory which no server has open: check, repair and stats. They hold the
/// directory's lock meanwhile, never make a store where there is none, and print to standard output.
/// </summary>
internal static class OfflineCommands
{
    /// <summary>All of them, in the order of the help text.</summary>
    internal static IReadOnlyList<OfflineCommand> All { get; } =
    [
        new("check", "Verify every checksum of a store and name each finding. Changes nothing.", CheckAsync),
        new("repair", "Keep what verifies in a clean store, name what is lost, keep damaged files aside.", RepairAsync),
        new("stats", "Print the figures of a store. Changes nothing in one of engine kvs.", StatsAsync),
    ];

    private static Task<int> CheckAsync(ProgramContext context, ServerOptions options)
    {
        using var directory = OpenKvsDirectory(context, options, "check");
        var report = StoreCheck.Run(context.Machine.Files, directory.Path);
        return Task.FromResult(Print(context.Output, report, "checked", "sound", "DAMAGED"));
    }

    private static Task<int> RepairAsync(ProgramContext context, ServerOptions options)
    {
        if (DataDirectory.MendMarker(context.Machine.Files, EngineOpener.PathOf(options)) is { } engine)
        {
            var marker = Path.Combine(EngineOpener.PathOf(options), StoreFiles.Engine);
            context.Output.WriteLine($"note: {marker} at 0: it was damaged, and names engine '{engine}' again.");
            if (engine != EngineName.Kvs)
            {
                return Task.FromResult(ExitCode.Done);
            }
        }

        using var directory = OpenKvsDirectory(context, options, "repair");
        var report = StoreRepair.Run(context.Machine.Files, directory.Path, new StoreRandom(context.Machine.Random));
        return Task.FromResult(Print(context.Output, report, "repaired", "nothing is lost", "SOMETHING IS LOST"));
    }

    private static async Task<int> StatsAsync(ProgramContext context, ServerOptions options)
    {
        foreach (var (figure, value) in Figures(await LookAsync(context, options)))
        {
            await context.Output.WriteLineAsync($"{figure,-12} {value}");
        }

        return ExitCode.Done;
    }

    private static async Task<StoreStats> LookAsync(ProgramContext context, ServerOptions options)
    {
        var name = EngineOf(context, options);
        if (name == EngineName.Kvs)
        {
            using var directory = OpenKvsDirectory(context, options, "stats");
            return StoreLook.Run(context.Machine.Files, context.Machine.Time, directory.Path);
        }

        await using var engine = await EngineOpener.OpenAsync(
            name, options, context.Machine, _ => { }, context.Signals.Requested);
        return engine.Stats();
    }

    private static DataDirectory OpenKvsDirectory(ProgramContext context, ServerOptions options, string command)
    {
        var path = EngineOpener.PathOf(options);
        var engine = EngineOf(context, options);
        return engine == EngineName.Kvs
            ? DataDirectory.Open(context.Machine.Files, path, EngineName.Kvs)
            : throw new KvsStorageException(
                ErrorCode.NotSupported,
                $"'{command}' is for engine 'kvs', and the data directory '{path}' belongs to engine '{engine}'. "
                + "An SQLite file is checked with 'PRAGMA integrity_check' of the sqlite3 tool.");
    }

    private static string EngineOf(ProgramContext context, ServerOptions options)
    {
        var path = EngineOpener.PathOf(options);
        return DataDirectory.DetectEngine(context.Machine.Files, path)
            ?? throw new KvsStorageException(ErrorCode.StorageFailed, $"there is no store in '{path}'");
    }

    private static int Print(TextWriter output, StoreReport report, string done, string well, string badly)
    {
        foreach (var finding in report.Findings)
        {
            var kind = finding.IsDamage ? "damage" : "note";
            output.WriteLine($"{kind}: {finding.Path} at {finding.Offset}: {finding.What}");
        }

        var verdict = report.IsSound ? well : badly;
        output.WriteLine(
            $"{done}: {report.Files} files, {report.Records} records, newest version {report.Last}: {verdict}");
        return report.IsSound ? ExitCode.Done : ExitCode.Failed;
    }

    private static IEnumerable<(string Figure, object Value)> Figures(StoreStats stats) =>
    [
        ("engine", stats.Engine),
        ("version", stats.Version),
        ("keys", stats.Keys),
        ("disk bytes", stats.DiskBytes),
        ("live bytes", stats.LiveBytes),
        ("dead bytes", stats.DeadBytes),
        ("segments", stats.Segments),
        ("index bytes", stats.IndexBytes),
        ("request clients", stats.RequestClients),
    ];
}
