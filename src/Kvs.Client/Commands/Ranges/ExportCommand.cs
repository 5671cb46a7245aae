using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Commands.CommandLine.Operands;
using Kvs.Client.Output;
using Kvs.Client.Output.Ranges;
using Kvs.Core.Operations;

namespace Kvs.Client.Commands.Ranges;

/// <summary>export.</summary>
internal static class ExportCommand
{
    private const string Notes = """
        Writes one JSON object a line: key, value, and content_type and expires_at
        where the entry has them; bytes that are no text are {"b64": "..."}. All
        entries are from one moment, whatever is written meanwhile. With --file, the
        file appears under its name only when it is whole; without, exit code 0 says
        that all was written. A progress bar is shown on a terminal.

        Examples:
          kvs-client export > backup.jsonl
          kvs-client export --prefix user: --file users.jsonl
        """;

    /// <summary>Builds the command.</summary>
    /// <returns>The command.</returns>
    internal static VerbCommand Create()
    {
        var range = new RangeOptions();
        var file = Operand.Value("--file", "FILE", "write to a file instead of stdout");
        var command = new VerbCommand("export", "Writes all entries of one moment as JSON lines.", "export [OPTIONS]")
        {
            Notes = Notes,
            Run = run => RunAsync(run, range.Read(run.Parse), run.Parse.GetValue(file)),
        };
        range.AddTo(command);
        command.Options.Add(file);
        return command;
    }

    private static async Task<ExitCode> RunAsync(Invocation run, KeyRange range, string? file)
    {
        var store = await run.ConnectAsync();
        if (file is null or InputFiles.StandardInput)
        {
            await WriteAsync(run, store, range, run.Io.Output);
            return ExitCode.Done;
        }

        long entries;
        await using (var target = run.Io.OpenReplacement(file))
        {
            entries = await WriteAsync(run, store, range, target);
        }

        run.Io.Replace(file);
        return run.Report(new TransferResult("exported", entries));
    }

    private static async Task<long> WriteAsync(Invocation run, IKvStore store, KeyRange range, Stream target)
    {
        await using var snapshot = await store.SnapshotAsync(run.Token);
        var lines = new ResultWriter(target, run.Io.Error, OutputFormat.Json);
        var terminal = run.Io.IsErrorTerminal ? run.Io.Error : null;
        long? total = terminal is null ? null : await snapshot.CountAsync(range, run.Token);
        var progress = new ProgressBar(terminal, run.Io.Clock, "export", total);
        var entries = 0L;
        try
        {
            await foreach (var entry in snapshot.ScanAsync(new ScanOptions { Range = range }, run.Token))
            {
                run.Deadline.Extend();
                lines.Write(new ExportLine(entry.Key.Bytes, entry.Value.Bytes, entry.ContentType, entry.ExpiresAt));
                progress.Report(++entries, entries);
            }
        }
        finally
        {
            progress.Clear();
        }

        lines.Flush();
        return entries;
    }
}
