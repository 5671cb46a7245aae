using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Commands.Lines;
using Kvs.Client.Output;

namespace Kvs.Client.Commands.Streams;

/// <summary>pipe.</summary>
internal static class PipeCommand
{
    private const string Notes = """
        Each operation is done by itself, in order; many are under way at a time, so
        that a stream runs far faster than a command for each. Results are printed in
        order, as the commands would print them; the last line counts operations done
        and failed. Failures are named on stderr with their line, and the stream goes
        on; the exit code is then 1, or 5 if the server refused one. At a line that is
        no operation, or when the connection is lost, the stream ends.

        """ + "\n" + OperationLine.Grammar + "\n" + """

        For pipe only, reading:
          get KEY        exists KEY        ttl KEY

        Example:
          printf 'set a 1\nincr a\nget a\n' | kvs-client pipe
        """;

    /// <summary>Builds the command.</summary>
    /// <returns>The command.</returns>
    internal static VerbCommand Create() =>
        VerbCommand.ReadingInput("pipe", "Runs a stream of operations from stdin.", Notes, RunAsync);

    private static async Task<ExitCode> RunAsync(Invocation run, string? file)
    {
        await using var input = InputFiles.Open(run.Io, file);
        var runner = new PipeRunner(run, await run.ConnectAsync(), new LineReader(input));
        try
        {
            await runner.RunAsync();
        }
        catch (Exception)
        {
            // The counts are told in any case; the failure itself, with its exit code, where all failures are.
            await runner.DrainAsync();
            run.Report(runner.Counts);
            throw;
        }

        return run.Report(runner.Counts);
    }
}
