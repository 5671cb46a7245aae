using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Commands.Keys;
using Kvs.Client.Commands.Lines;
using Kvs.Client.Output;
using Kvs.Client.Output.Streams;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Client.Commands.Streams;

/// <summary>
/// Runs a stream of operations with a bounded window: results come in the order of the lines. Threading: one flow of
/// control starts the operations, so that one connection carries them in the order of their lines.
/// </summary>
/// <param name="run">The run of the command.</param>
/// <param name="store">The store.</param>
/// <param name="lines">The operations.</param>
internal sealed class PipeRunner(Invocation run, IKvStore store, LineReader lines)
{
    /// <summary>Operations under way: enough to fill a commit group while the one before it is synced.</summary>
    private const int WindowOperations = 512;

    /// <summary>Bytes under way; one larger operation goes alone.</summary>
    private const long WindowBytes = 8 * 1024 * 1024;

    /// <summary>Failures that are told one by one; the others are counted only.</summary>
    private const int ToldFailuresMax = 20;

    private readonly Queue<Pending> _window = new();
    private long _windowBytes;
    private long _operations;
    private long _failed;
    private ExitCode _worst;

    /// <summary>The counts so far.</summary>
    internal PipeResult Counts => new(_operations, _failed, _worst);

    /// <summary>Runs all lines.</summary>
    internal async Task RunAsync()
    {
        run.Deadline.Suspend();
        while (await ReadLineAsync() is { } line)
        {
            if (OperationLine.Read(line.Span, lines.LineNumber) is { } operation)
            {
                await StartAsync(operation);
            }
        }

        await CompleteAllAsync();
    }

    /// <summary>Waits for what is under way after a failure, so that the counts are right.</summary>
    internal async Task DrainAsync()
    {
        while (_window.Count > 0)
        {
            try
            {
                await CompleteOldestAsync();
            }
            catch (Exception failure) when (failure is KvsException or OperationCanceledException or InputException)
            {
                // The first failure is the one that is reported; this operation is counted as failed.
            }
        }
    }

    private async ValueTask<ReadOnlyMemory<byte>?> ReadLineAsync()
    {
        var next = lines.ReadAsync();
        if (next.IsCompleted)
        {
            return await next;
        }

        // The input pauses: whoever writes it may wait for results before writing more.
        var reading = next.AsTask();
        await CompleteAllAsync();
        run.Results.Flush();
        return await reading;
    }

    private async ValueTask StartAsync(KeyOperation operation)
    {
        while (_window.Count == WindowOperations || (_window.Count > 0 && _windowBytes + operation.Bytes > WindowBytes))
        {
            await CompleteOldestAsync();
        }

        if (operation.Verb == KeyVerb.Check)
        {
            throw new InputException($"line {lines.LineNumber}: check is possible in a batch only");
        }

        _window.Enqueue(new Pending(lines.LineNumber, operation.Bytes, operation.RunAsync(store, run.Token)));
        _windowBytes += operation.Bytes;
        _operations++;
    }

    private async ValueTask CompleteAllAsync()
    {
        while (_window.Count > 0)
        {
            await CompleteOldestAsync();
        }
    }

    private async ValueTask CompleteOldestAsync()
    {
        var oldest = _window.Dequeue();
        _windowBytes -= oldest.Bytes;
        run.Deadline.Extend();
        try
        {
            var result = await oldest.Result;
            Count(result.Notice is null ? ExitCode.Done : result.ExitCode);
            run.Report(new LineResult(oldest.Line, result, IsTold));
        }
        catch (KvsException refusal) when (IsOfThisOperationOnly(refusal))
        {
            Count(Failures.CodeOf(refusal));
            run.Report(new LineFailure(oldest.Line, refusal.Message, refusal.Code.ToString(), IsTold));
        }
        catch (Exception)
        {
            Count(ExitCode.Unknown);
            throw;
        }

        run.Deadline.Suspend();
    }

    private bool IsTold => _failed <= ToldFailuresMax;

    private void Count(ExitCode code)
    {
        if (code != ExitCode.Done)
        {
            _failed++;
            _worst = code > _worst ? code : _worst;
        }
    }

    /// <summary>Whether the next operation has as good a chance as ever.</summary>
    private static bool IsOfThisOperationOnly(KvsException failure) =>
        failure.Outcome != WriteOutcome.Unknown
        && failure.Code is ErrorCode.NotFound or ErrorCode.ConditionFailed or ErrorCode.NotAnInteger
            or ErrorCode.IntegerOverflow or ErrorCode.NotAFloat or ErrorCode.InvalidArgument or ErrorCode.KeyTooLarge
            or ErrorCode.ValueTooLarge or ErrorCode.BatchTooLarge or ErrorCode.NotSupported;

    private readonly record struct Pending(long Line, long Bytes, Task<ICommandResult> Result);
}
