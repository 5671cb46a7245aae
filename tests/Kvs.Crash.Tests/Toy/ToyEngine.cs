using System.Buffers;
using System.Collections.Immutable;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Crash.Tests.Harness;

namespace Kvs.Crash.Tests.Toy;

/// <summary>
/// The simplest engine that keeps the promises: one loop, one file, all state in memory. It exists so that the harness
/// can be tested: right, nothing may be found; with any one mistake, that must be found.
/// </summary>
internal sealed class ToyEngine : IKvEngine
{
    private readonly KvsEnvironment _environment;
    private readonly ToyMistake _mistake;
    private readonly ToyLog _log;
    private readonly ILoop _loop;
    private readonly Queue<WorkItem> _queue = new();
    private readonly List<WorkItem> _group = [];
    private readonly Queue<TaskCompletionSource> _compactions = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ModelBatchState _working;
    private ToyRoot _published;
    private ToyRoot? _appended;
    private string? _fault;
    private bool _isClosing;
    private ulong _sequence = 1; // of roots
    private ulong _batches;

    private ToyEngine(KvsEnvironment environment, ToyMistake mistake)
    {
        (_environment, _mistake) = (environment, mistake);
        _log = new ToyLog(environment.Files, mistake);
        _working = new ModelBatchState(_log.Entries);
        _published = new ToyRoot { Entries = _log.Entries, LogTimeMillis = _log.LogTimeMillis, Sequence = _sequence, Epoch = _log.Epoch };
        _loop = environment.Loops.Start("toy", Step);
    }

    /// <inheritdoc/>
    public string Name => "toy";

    /// <summary>How the harness opens it.</summary>
    /// <param name="mistake">What it does wrong.</param>
    /// <returns>The opener.</returns>
    internal static EngineOpener Opener(ToyMistake mistake) => environment =>
    {
        try
        {
            return new ValueTask<IKvEngine>(new ToyEngine(environment, mistake));
        }
        catch (IOException failure)
        {
            throw new KvsStorageException(ErrorCode.StorageFailed, failure.Message, inner: failure);
        }
    };

    /// <inheritdoc/>
    public void Submit(WorkItem item)
    {
        if (_fault is not null)
        {
            Finish(item, WriteOutcome.NotApplied);
            return;
        }

        _queue.Enqueue(item);
        _loop.Wake();
    }

    /// <inheritdoc/>
    public bool TryGet(ReadOnlySpan<byte> key, IBufferWriter<byte>? value, out EntryInfo info)
    {
        using var snapshot = Snapshot();
        return snapshot.TryGet(key, value, out info);
    }

    /// <inheritdoc/>
    public PointRead Get(ReadOnlySpan<byte> key, IBufferWriter<byte>? value, in ReadBounds bounds, out EntryInfo info) =>
        TryGet(key, value, out info) ? PointRead.Found : PointRead.Missing;

    /// <inheritdoc/>
    public IEngineSnapshot Snapshot() => new ToySnapshot(_published);

    /// <inheritdoc/>
    public StoreStats Stats() => new() { Engine = Name, ReadOnlyReason = _fault };

    /// <inheritdoc/>
    public Task CompactAsync(CancellationToken cancellationToken)
    {
        var compaction = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _compactions.Enqueue(compaction);
        _loop.Wake();
        return compaction.Task;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _isClosing = true;
        _loop.Wake();
        await _ended.Task.ConfigureAwait(false);
        _loop.Stop();
        _log.Dispose();
    }

    private TimeSpan Step()
    {
        try
        {
            if (_fault is null && Work())
            {
                return TimeSpan.Zero;
            }
        }
        catch (IOException failure)
        {
            Fault(failure);
        }

        Rest();
        return UntilNextExpiry();
    }

    // One short step: sync what was appended, else compact, else apply and append.
    private bool Work()
    {
        if (_appended is not null)
        {
            _log.Sync();
            Publish(_appended);
            _appended = null;
            FinishGroup();
            return true;
        }

        if (_compactions.TryDequeue(out var compaction))
        {
            try
            {
                _log.Rewrite(_published.Entries, _published.LogTimeMillis);
            }
            finally
            {
                compaction.SetResult();
            }

            return true;
        }

        if (_queue.Count == 0 && UntilNextExpiry() != TimeSpan.Zero)
        {
            return false;
        }

        ApplyAndAppend();
        return true;
    }

    private void ApplyAndAppend()
    {
        var logTime = Math.Max(_published.LogTimeMillis, NowMillis());
        var before = _working.Entries;
        while (_queue.TryDequeue(out var item))
        {
            _group.Add(item);
            foreach (var request in item.Requests)
            {
                var version = new KvsVersion(_log.Epoch, _batches + 1);
                _working.BeginBatch(logTime, version);
                var outcome = OperationApplier.Apply(_working, request, item.ResultBytes);
                Check.That(outcome != ApplyOutcome.NoRoom);
                if (outcome == ApplyOutcome.Changed)
                {
                    request.Version = version;
                    _batches++;
                }
            }
        }

        var root = new ToyRoot { Entries = _working.Entries, LogTimeMillis = logTime, Sequence = ++_sequence, Epoch = _log.Epoch };
        if (_mistake == ToyMistake.PublishesBeforeAppend)
        {
            Publish(root);
        }

        Append(before, root);
        _appended = root;
        if (_mistake == ToyMistake.AcknowledgesBeforeSync)
        {
            FinishGroup();
        }
    }

    private void Append(ImmutableSortedDictionary<string, ModelEntry> before, ToyRoot root)
    {
        if (_mistake != ToyMistake.SplitsBatches)
        {
            _log.Append(ToyLog.Encode(before, root.Entries, root.LogTimeMillis, _log.Epoch));
            return;
        }

        foreach (var (key, entry) in ToyLog.Changes(before, root.Entries))
        {
            _log.Append(ToyLog.Encode(before, before = before.SetItem(key, entry), root.LogTimeMillis, _log.Epoch));
        }

        _log.Append(ToyLog.Encode(before, root.Entries, root.LogTimeMillis, _log.Epoch));
    }

    private void Publish(ToyRoot root)
    {
        if (_mistake == ToyMistake.ReusesStateTooEarly && root.Sequence % 2 == 0)
        {
            _published.Entries = root.Entries;
            _published.LogTimeMillis = root.LogTimeMillis;
            _published.Sequence = root.Sequence;
            return;
        }

        _published = root;
    }

    private void Fault(IOException failure)
    {
        _fault = failure.Message;
        _appended = null;
        foreach (var item in _group)
        {
            Finish(item, WriteOutcome.Unknown);
        }

        _group.Clear();
        while (_queue.TryDequeue(out var item))
        {
            Finish(item, WriteOutcome.NotApplied);
        }
    }

    private void Finish(WorkItem item, WriteOutcome outcome)
    {
        foreach (var request in item.Requests)
        {
            request.Fail(ErrorCode.Faulted, outcome, _fault!);
        }

        item.Complete();
    }

    private void FinishGroup()
    {
        _group.ForEach(item => item.Complete());
        _group.Clear();
    }

    private void Rest()
    {
        while (_compactions.TryDequeue(out var compaction))
        {
            compaction.SetResult();
        }

        if (_isClosing)
        {
            _ended.TrySetResult();
        }
    }

    private TimeSpan UntilNextExpiry()
    {
        var next = _published.Entries.Values
            .Where(entry => entry.ExpiresAtMillis > _published.LogTimeMillis)
            .Select(entry => (long?)entry.ExpiresAtMillis)
            .Min();
        return next is null || _fault is not null || _isClosing
            ? Timeout.InfiniteTimeSpan
            : TimeSpan.FromMilliseconds(Math.Max(0, next.Value - NowMillis()));
    }

    private long NowMillis() => _environment.Time.GetUtcNow().ToUnixTimeMilliseconds();
}
