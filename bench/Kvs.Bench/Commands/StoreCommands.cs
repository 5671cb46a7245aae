using System.CommandLine;
using Kvs.Bench.Reports;
using Kvs.Bench.Stores;

namespace Kvs.Bench.Commands;

/// <summary>The verbs big and digest: one store with many keys.</summary>
internal static class StoreCommands
{
    private const string BigName = "big";

    /// <summary>Load, reopen after a clean close and a kill, memory, disk, reads beside a writer and a compaction.</summary>
    internal static Command Big()
    {
        var keys = Shared.Of("--keys", "how many keys, store by store", "100000,10000000");
        var valueBytes = Shared.ValueBytes();
        var seconds = Shared.Of("--seconds", "seconds of each kind of reading", 2.0);
        var rounds = Shared.Of("--rounds", "how often a store is opened again and read", 3);
        var directory = Shared.Directory();
        var report = Shared.Report();
        var command = new Command(BigName, "Many keys, embedded: load, reopen, memory, disk, reads beside a writer and a compaction.")
        {
            keys, valueBytes, seconds, rounds, directory, report,
        };
        command.SetAction(parsed => Shared.InFreshDirectoryAsync(parsed.GetValue(directory)!, async path =>
        {
            var plan = new BigPlan
            {
                Directory = path,
                Keys = [.. Shared.Split(parsed.GetValue(keys)).Select(int.Parse)],
                ValueBytes = parsed.GetValue(valueBytes),
                Seconds = parsed.GetValue(seconds),
                Rounds = parsed.GetValue(rounds),
            };
            var machine = Machine.Here(path, Shared.CommandLine());
            var results = await new BigStoreRun(plan, Console.Error.WriteLine).RunAsync();
            await Shared.WriteAsync(parsed.GetValue(report), BigName, ReportOf(plan), machine, results);
            return 0;
        }));
        return command;
    }

    private static PlainReport ReportOf(BigPlan plan) => new()
    {
        Title = "A store with many keys, in one process",
        Lines =
        [
            $"{plan.Rounds} rounds after one load; {plan.Seconds} s for each cell of reads in a round; the number behind a cell is that "
                + "of keys",
            $"keys of 16 bytes, loaded in random order in batches, values of {plan.ValueBytes} bytes; one thread reads keys chosen evenly; "
                + "the writer overwrites keys in batches of 100 as fast as it can, and its latencies are of a batch; the compaction is of "
                + "the whole store, at full speed",
            "the latency of `load` and of a reopen is that of the whole; before `reopen-killed` a server has opened the store, taken writes "
                + "and was killed by SIGKILL; that every key is there again is checked; the memory is that of this server just after its start",
        ],
        Goals = BigGoals.All,
    };

    /// <summary>One walk over an index.</summary>
    internal static Command Digest()
    {
        var keys = Shared.Of("--keys", "how many keys", 1_000_000);
        var command = new Command("digest", "One walk over the index, by which nodes of a cluster compare their states.") { keys };
        command.SetAction(parsed => DigestRun.Run(parsed.GetValue(keys), Console.Out));
        return command;
    }
}
