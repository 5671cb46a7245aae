using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Commands.CommandLine.Operands;
using Kvs.Client.Output;
using Kvs.Client.Output.Ranges;
using Kvs.Core.Operations;

namespace Kvs.Client.Commands.Ranges;

/// <summary>scan.</summary>
internal static class ScanCommand
{
    private const string Notes = """
        Prints key, tab, value; one entry a line, in the order of the keys' bytes, all
        from one moment. Tabs, line ends and other control characters in keys and
        values are written \t \n \r \xNN, a backslash \\. -o json prints one object a
        line, with version and expiry; bytes that are no text are {"b64": "..."}.

        Examples:
          kvs-client scan --prefix user: --limit 10
          kvs-client scan --from a --to n --reverse --keys-only
        """;

    /// <summary>Builds the command.</summary>
    /// <returns>The command.</returns>
    internal static VerbCommand Create()
    {
        var range = new RangeOptions();
        var reverse = Operand.Flag("--reverse", "from the last key to the first");
        var limit = Operand.Value("--limit", "N", "at most N entries");
        var keysOnly = Operand.Flag("--keys-only", "leave out the values");
        var command = new VerbCommand("scan", "Lists keys and values in key order.", "scan [OPTIONS]")
        {
            Notes = Notes,
            Run = run => RunAsync(run, new ScanOptions
            {
                Range = range.Read(run.Parse),
                Reverse = run.Parse.GetValue(reverse),
                KeysOnly = run.Parse.GetValue(keysOnly),
                Limit = run.Parse.GetValue(limit) is { } text ? Arguments.Positive("--limit", text) : null,
            }),
        };
        range.AddTo(command);
        command.Options.Add(reverse);
        command.Options.Add(limit);
        command.Options.Add(keysOnly);
        return command;
    }

    private static async Task<ExitCode> RunAsync(Invocation run, ScanOptions options)
    {
        var store = await run.ConnectAsync();
        await foreach (var entry in store.ScanAsync(options, run.Token))
        {
            run.Report(new EntryResult
            {
                Key = entry.Key.Bytes,
                Value = options.KeysOnly ? default(ReadOnlyMemory<byte>?) : entry.Value.Bytes,
                ContentType = entry.ContentType,
                Version = entry.Version.ToString(),
                ExpiresAt = entry.ExpiresAt,
            });
            run.Deadline.Extend();
        }

        return ExitCode.Done;
    }
}
