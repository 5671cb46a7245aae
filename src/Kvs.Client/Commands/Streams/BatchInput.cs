using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Commands.Keys;
using Kvs.Client.Commands.Lines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Client.Commands.Streams;

/// <summary>A batch as read from its lines, and which line each operation came from.</summary>
internal sealed class BatchInput
{
    private readonly List<(long Line, bool IsCounter)> _origins = [];
    private long _bytes;

    /// <summary>The batch.</summary>
    internal KvsBatch Batch { get; } = new();

    /// <summary>Reads a whole batch; nothing is sent before its last line is understood.</summary>
    /// <param name="io">The seam to the process.</param>
    /// <param name="file">A file, or null for stdin.</param>
    /// <returns>The batch.</returns>
    internal static async Task<BatchInput> ReadAsync(IConsoleIo io, string? file)
    {
        await using var input = InputFiles.Open(io, file);
        var lines = new LineReader(input);
        var batch = new BatchInput();
        while (await lines.ReadAsync() is { } line)
        {
            if (OperationLine.Read(line.Span, lines.LineNumber) is { } operation)
            {
                batch.Add(operation, lines.LineNumber);
            }
        }

        return batch;
    }

    /// <summary>The line of an operation.</summary>
    /// <param name="index">Its index.</param>
    /// <returns>The line's number.</returns>
    internal long LineOf(int index) => _origins[index].Line;

    /// <summary>Whether an operation is an increment.</summary>
    /// <param name="index">Its index.</param>
    /// <returns>True for an increment.</returns>
    internal bool IsCounter(int index) => _origins[index].IsCounter;

    private void Add(KeyOperation operation, long line)
    {
        if (!operation.TryAddTo(Batch))
        {
            throw new InputException($"line {line}: a batch only writes; use pipe to read");
        }

        _origins.Add((line, operation.Verb == KeyVerb.Increment));
        _bytes += operation.Bytes;

        // The server would refuse it; refusing it here keeps endless input from filling the memory.
        if (Batch.Count > Limits.BatchOperationsMax || _bytes > Limits.BatchBytesMax)
        {
            throw new InputException(
                $"line {line}: a batch holds at most {Limits.BatchOperationsMax} operations "
                + $"and {Limits.BatchBytesMax} bytes; use pipe");
        }
    }
}
