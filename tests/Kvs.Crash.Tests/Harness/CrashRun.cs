using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.TestKit;
using Kvs.TestKit.Device;

namespace Kvs.Crash.Tests.Harness;

/// <summary>
/// One life of a store on the simulated machine: opening, a workload, closing; everything by seed. It keeps a cut point
/// before every call that changes the device, with what had been promised, and notes what each request was told.
/// Time passes only while nothing is under way, so that the log time of each request is known.
/// </summary>
internal sealed class CrashRun : IWorkItemOwner
{
    /// <summary>Where engines under test keep their files.</summary>
    internal const string Store = "/store";

    private readonly RunOptions _options;
    private readonly Random _random;
    private readonly Workload _workload;
    private readonly List<SubmittedRequest> _requests = [];
    private readonly List<CutPoint> _cuts = [];
    private readonly List<(IEngineSnapshot Snapshot, VisibleState Seen)> _held = [];
    private readonly List<Task> _compactions = [];
    private readonly Dictionary<WorkItem, SubmittedRequest[]> _underWay = [];
    private IKvEngine? _engine; // null while opening and closing
    private VisibleState? _visible;
    private int _acknowledged;

    internal CrashRun(RunOptions options, SimulatedFileSystem? device = null)
    {
        _options = options;
        _random = new Random(options.Seed);
        _workload = new Workload(new Random(options.Seed + 1), options.Keys, options.HugeBytes);
        Machine = new SimulatedEnvironment(options.Seed, device);
        if (options.StartsAtMillis is { } start)
        {
            Machine.Time.StepWallClock(DateTimeOffset.FromUnixTimeMilliseconds(start) - Machine.Time.GetUtcNow());
        }

        options.Prepare?.Invoke(Machine.Device);
        Machine.Device.BeforeCall = call => Observe(call.Kind, call.ToString());
        Machine.Loops.AfterStep = name => Observe(CallKinds.None, name);
    }

    /// <summary>The machine.</summary>
    internal SimulatedEnvironment Machine { get; }

    /// <summary>The cut points, in order.</summary>
    internal IReadOnlyList<CutPoint> Cuts => _cuts;

    /// <summary>The moment after the closing; null before.</summary>
    internal CutPoint? End { get; private set; }

    /// <summary>Called before each of the things that happen.</summary>
    internal Action? BeforeAction { get; set; }

    /// <summary>The requests, in order.</summary>
    internal IReadOnlyList<SubmittedRequest> Requests => _requests;

    /// <summary>Why the store could not be opened or closed, when a fault forbade it.</summary>
    internal KvsException? Failure { get; private set; }

    /// <summary>Opens, works, closes.</summary>
    /// <param name="open">Opens the engine.</param>
    /// <exception cref="CrashFindingException">The engine threw, or a reader saw, what should not be.</exception>
    internal void Execute(EngineOpener open)
    {
        try
        {
            if (Try(() => Open(open)))
            {
                Work(_engine!);
            }
        }
        catch (Exception failure) when (failure is not CrashFindingException)
        {
            throw new CrashFindingException($"While it runs: {failure.Message}", failure);
        }

        End = CutNow("the end");
        _cuts.Add(End);
    }

    /// <summary>Every state that the store may have gone through.</summary>
    /// <returns>The history, from what was there at the begin.</returns>
    internal ModelHistory History() => new(_options.Initial, _requests);

    /// <inheritdoc/>
    public void Completed(WorkItem item)
    {
        if (!_underWay.Remove(item, out var requests))
        {
            throw new CrashFindingException("An item was completed twice.");
        }

        foreach (var request in requests)
        {
            request.IsCompleted = true;
            if (request.IsAcknowledged)
            {
                _acknowledged = Math.Max(_acknowledged, request.Ordinal + 1);
            }
        }
    }

    private void Work(IKvEngine engine)
    {
        for (var i = 0; i < _options.Actions; i++)
        {
            BeforeAction?.Invoke();
            Act(engine);
        }

        Settle();
        while (_held.Count > 0)
        {
            ReleaseSnapshot();
        }

        _engine = null;
        Try(() => Machine.Loops.RunUntilCompleted(engine.DisposeAsync().AsTask()));
        _compactions.ForEach(compaction => Try(() => Machine.Loops.RunUntilCompleted(compaction)));
    }

    private void Act(IKvEngine engine)
    {
        switch (_random.Next(16))
        {
            case < 9:
                Submit(engine, _random.Next(1, 4));
                Machine.Loops.RunSteps(_random.Next(8));
                break;
            case < 12:
                Settle();
                Machine.Loops.Advance(TimeSpan.FromMilliseconds(_random.Next(1, 900)));
                break;
            case 12:
                _compactions.Add(engine.CompactAsync(CancellationToken.None));
                break;
            case 13 when _held.Count < 3:
                var snapshot = engine.Snapshot();
                _held.Add((snapshot, VisibleState.Read(snapshot)));
                break;
            case 14 when _held.Count > 0:
                ReleaseSnapshot();
                break;
            default:
                Machine.Loops.RunSteps(_random.Next(20));
                break;
        }
    }

    private void Open(EngineOpener open)
    {
        var opening = open(Machine.Environment).AsTask();
        Machine.Loops.RunUntilCompleted(opening);
        _engine = opening.Result;
    }

    private void Submit(IKvEngine engine, int requestCount)
    {
        var item = new WorkItem(this);
        var requests = new SubmittedRequest[requestCount];
        for (var i = 0; i < requestCount; i++)
        {
            var request = new WriteRequest();
            request.Operations.AddRange(_workload.NextRequest());
            item.Requests.Add(request);
            requests[i] = new SubmittedRequest(_requests.Count, request, item, NowMillis());
            _requests.Add(requests[i]);
        }

        _underWay.Add(item, requests);
        engine.Submit(item);
    }

    // Everything handed over is answered, with the clock standing still.
    private void Settle()
    {
        Machine.Loops.RunUntilIdle();
        if (_underWay.Count > 0)
        {
            throw new CrashFindingException($"The engine rests, but {_underWay.Count} items have no answer.");
        }
    }

    private void ReleaseSnapshot()
    {
        var (snapshot, seen) = _held[0];
        _held.RemoveAt(0);
        using (snapshot)
        {
            var now = VisibleState.Read(snapshot);
            if (now.Version != seen.Version || !now.Entries.SequenceEqual(seen.Entries))
            {
                throw new CrashFindingException($"A held snapshot has changed; {now.DifferenceTo(seen.Entries)}");
            }
        }
    }

    private void Observe(CallKinds kind, string at)
    {
        if (_options.KeepsCutsAfterFaultOnly && Machine.Device.FaultsStruck == 0)
        {
            return;
        }

        ReadVisible();
        if ((kind & CallKinds.Changes) != CallKinds.None)
        {
            _cuts.Add(CutNow(at));
        }
    }

    private CutPoint CutNow(string before) =>
        new(Machine.Device.Capture(), before, _requests.Count, _acknowledged, _visible, NowMillis());

    // Reading may call the device: what is observed then is no news.
    private void ReadVisible()
    {
        if (_engine is not { } engine)
        {
            return;
        }

        _engine = null;
        using (var snapshot = engine.Snapshot())
        {
            if (_visible?.Version != snapshot.Version || _visible.LogTimeMillis != snapshot.LogTimeMillis)
            {
                _visible = VisibleState.Read(snapshot);
            }
        }

        _engine = engine;
    }

    private bool Try(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (KvsException failure) when (IsExpected(failure))
        {
            Failure ??= failure;
            return false;
        }
    }

    private bool IsExpected(KvsException failure) =>
        Machine.Device.FaultsStruck > 0
        || failure.Code is ErrorCode.DiskFull or ErrorCode.ShuttingDown;

    /// <summary>The wall clock, unix milliseconds.</summary>
    internal long NowMillis() => Machine.Time.GetUtcNow().ToUnixTimeMilliseconds();
}
