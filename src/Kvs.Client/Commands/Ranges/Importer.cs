using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Commands.Keys;
using Kvs.Client.Commands.Lines;
using Kvs.Client.Output;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Client.Commands.Ranges;

/// <summary>
/// Sends the entries of an export in batches, a few of them under way at a time, and knows how many are stored.
/// Threading: one flow of control.
/// </summary>
/// <param name="run">The run of the command.</param>
/// <param name="store">The store.</param>
/// <param name="lines">The entries.</param>
/// <param name="progress">Shows how far it is.</param>
internal sealed class Importer(Invocation run, IKvStore store, LineReader lines, ProgressBar progress)
{
    /// <summary>Entries in a batch: enough to share a sync among many, few enough that a failure is narrow.</summary>
    private const int BatchEntriesMax = 500;

    /// <summary>Bytes at which a batch is sent.</summary>
    private const long BatchBytesMax = 1024 * 1024;

    /// <summary>Batches under way: while one is synced, the next ones gather at the server.</summary>
    private const int BatchesUnderWayMax = 4;

    private readonly Queue<Task<BatchResult>> _underWay = new();
    private KvsBatch _batch = new();
    private long _batchBytes;

    /// <summary>Entries that are stored for certain.</summary>
    internal long Entries { get; private set; }

    /// <summary>What to say when it stops before the end.</summary>
    internal string Summary =>
        $"imported {Amount.Of(Entries, "entry", "entries")} before the failure; "
        + "importing the whole input again is safe";

    /// <summary>Imports everything. Lines before an unusable one are stored.</summary>
    internal async Task RunAsync()
    {
        run.Deadline.Suspend();
        while (await ReadEntryAsync() is { } entry)
        {
            entry.TryAddTo(_batch);
            _batchBytes += entry.Bytes;
            if (_batch.Count == BatchEntriesMax || _batchBytes >= BatchBytesMax)
            {
                await SendAsync();
            }
        }

        await SendAsync();
        while (_underWay.Count > 0)
        {
            await CompleteOldestAsync();
        }
    }

    /// <summary>Waits for what is under way after a failure, so that <see cref="Entries"/> is right.</summary>
    internal async Task DrainAsync()
    {
        while (_underWay.Count > 0 && !run.Deadline.HasPassed)
        {
            try
            {
                await CompleteOldestAsync();
            }
            catch (Exception failure) when (failure is KvsException or OperationCanceledException)
            {
                // The first failure is the one that is reported; this batch simply does not count.
            }
        }
    }

    private async ValueTask<KeyOperation?> ReadEntryAsync()
    {
        while (await lines.ReadAsync() is { } line)
        {
            try
            {
                if (OperationLine.ReadEntry(line.Span, lines.LineNumber) is { } entry)
                {
                    return entry;
                }
            }
            catch (InputException)
            {
                await SendAsync();
                throw;
            }
        }

        return null;
    }

    private async ValueTask SendAsync()
    {
        if (_batch.Count == 0)
        {
            return;
        }

        if (_underWay.Count == BatchesUnderWayMax)
        {
            await CompleteOldestAsync();
        }

        _underWay.Enqueue(store.ApplyAsync(_batch, Durability.Default, run.Token).AsTask());
        _batch = new KvsBatch();
        _batchBytes = 0;
    }

    private async ValueTask CompleteOldestAsync()
    {
        run.Deadline.Extend();
        var result = await _underWay.Dequeue();
        run.Deadline.Suspend();
        if (!result.Applied)
        {
            throw new KvsException(result.FailedCode, Failures.Meaning(result.FailedCode));
        }

        Entries += result.Results.Count;
        progress.Report(lines.BytesRead, Entries);
    }
}
