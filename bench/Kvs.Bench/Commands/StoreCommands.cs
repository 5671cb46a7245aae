using System.CommandLine;
using Kvs.Bench.Stores;

namespace Kvs.Bench.Commands;

/// <summary>The verbs big and digest: one store with many keys.</summary>
internal static class StoreCommands
{
    /// <summary>Load, reopen, memory, reads beside a writer.</summary>
    internal static Command Big()
    {
        var keys = Shared.Of("--keys", "how many keys", 10_000_000);
        var valueBytes = Shared.ValueBytes();
        var seconds = Shared.Of("--seconds", "seconds of reading", 2.0);
        var directory = Shared.Directory();
        var command = new Command("big", "Many keys, embedded: load, reopen, memory, reads beside a writer.") { keys, valueBytes, seconds, directory };
        command.SetAction(parsed => Shared.InFreshDirectoryAsync(parsed.GetValue(directory)!, async path =>
        {
            await BigStoreRun.RunAsync(path, parsed.GetValue(keys), parsed.GetValue(valueBytes), parsed.GetValue(seconds), Console.Out);
            return 0;
        }));
        return command;
    }

    /// <summary>One walk over an index.</summary>
    internal static Command Digest()
    {
        var keys = Shared.Of("--keys", "how many keys", 1_000_000);
        var command = new Command("digest", "One walk over the index, by which nodes of a cluster compare their states.") { keys };
        command.SetAction(parsed => DigestRun.Run(parsed.GetValue(keys), Console.Out));
        return command;
    }
}
