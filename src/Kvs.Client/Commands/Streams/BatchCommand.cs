using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Commands.Lines;
using Kvs.Client.Output;
using Kvs.Client.Output.Streams;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Client.Commands.Streams;

/// <summary>batch.</summary>
internal static class BatchCommand
{
    private const string Notes = """
        Either all operations are applied, as one version, or none. Each sees the
        effect of those before it. When a condition does not hold, stderr names its
        line, and the exit code is 1. Prints counters and previous values that were
        asked for, in order, and at the end how many operations were applied.

        """ + "\n" + OperationLine.Grammar + "\n" + """

        For batch only, a condition on a key without writing it:
          check KEY --if-absent | --if-present | --if-version TOKEN

        Example:
          printf 'check lock --if-absent\nset lock me --ttl 10s\nincr turns\n' |
            kvs-client batch
        """;

    /// <summary>Builds the command.</summary>
    /// <returns>The command.</returns>
    internal static VerbCommand Create() =>
        VerbCommand.ReadingInput("batch", "Applies operations from stdin, all or none.", Notes, RunAsync);

    private static async Task<ExitCode> RunAsync(Invocation run, string? file)
    {
        run.Deadline.Suspend();
        var input = await BatchInput.ReadAsync(run.Io, file);
        run.Deadline.Extend();
        if (input.Batch.Count == 0)
        {
            return run.Report(new BatchReport { Operations = 0 });
        }

        var store = await run.ConnectAsync();
        var result = await store.ApplyAsync(input.Batch, Durability.Default, run.Token);
        return run.Report(result.Applied ? Applied(input, result) : NotApplied(input, result));
    }

    private static BatchReport Applied(BatchInput input, BatchResult result)
    {
        var items = new List<BatchItem>(result.Results.Count);
        for (var i = 0; i < result.Results.Count; i++)
        {
            var item = result.Results[i];
            items.Add(new BatchItem(item.Existed, item.Previous?.Bytes, input.IsCounter(i) ? item.Number : null));
        }

        return new BatchReport
        {
            Operations = input.Batch.Count,
            Version = result.Version == KvsVersion.None ? null : result.Version.ToString(),
            Items = items,
        };
    }

    private static BatchReport NotApplied(BatchInput input, BatchResult result) => new()
    {
        Operations = input.Batch.Count,
        Failure = Failures.Meaning(result.FailedCode),
        FailedLine = input.LineOf(result.FailedIndex),
        ExitCode = Failures.CodeOf(result.FailedCode),
    };
}
