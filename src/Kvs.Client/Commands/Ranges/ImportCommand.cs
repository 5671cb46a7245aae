using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Commands.Lines;
using Kvs.Client.Output;
using Kvs.Client.Output.Ranges;

namespace Kvs.Client.Commands.Ranges;

/// <summary>import.</summary>
internal static class ImportCommand
{
    private const string Notes = """
        Reads what export writes: one JSON object a line with key, value and
        expires_at. Keys that are there are overwritten, other keys stay. Entries are
        stored in order, some hundred at a time. When something fails, stderr says how
        many entries were imported before it; importing the whole file again is safe.
        A progress bar is shown on a terminal.

        Examples:
          kvs-client import < backup.jsonl
          kvs-client import --file users.jsonl
        """;

    /// <summary>Builds the command.</summary>
    /// <returns>The command.</returns>
    internal static VerbCommand Create() =>
        VerbCommand.ReadingInput("import", "Stores the entries of an export.", Notes, RunAsync);

    private static async Task<ExitCode> RunAsync(Invocation run, string? file)
    {
        await using var input = InputFiles.Open(run.Io, file);
        var store = await run.ConnectAsync();
        var progress = new ProgressBar(
            run.Io.IsErrorTerminal ? run.Io.Error : null,
            run.Io.Clock,
            "import",
            input.CanSeek ? input.Length : null);
        var importer = new Importer(run, store, new LineReader(input), progress);
        try
        {
            await importer.RunAsync();
        }
        catch (Exception)
        {
            // What is imported is said first; the failure itself is told, with its exit code, where all failures are.
            await importer.DrainAsync();
            progress.Clear();
            run.Results.WriteNotice(importer.Summary);
            throw;
        }

        progress.Clear();
        return run.Report(new TransferResult("imported", importer.Entries));
    }
}
