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

    private const int LongPauseMillis = 15_000;

    private readonly RunOptions _options;
    private readonly Random _random;
    private readonly Workload _workload;
    private readonly RequestNumbers _numbers;
    private readonly List<SubmittedRequest> _requests = [];
    private readonly List<CutPoint> _cuts = [];
    private readonly List<(IEngineSnapshot Snapshot, VisibleState Seen)> _held = [];
    private readonly List<Task> _compactions = [];
    private readonly Dictionary<WorkItem, SubmittedRequest[]> _underWay = [];
    private readonly LogTimeModel _logTime;
    private EngineOpener? _open; // while it is executed
    private IKvEngine? _store; // null when it is closed
    private IKvEngine? _engine; // the same, but null while opening and closing
    private VisibleState? _visible;
    private int _acknowledged;

    internal CrashRun(RunOptions options, SimulatedFileSystem? device = null)
    {
        _options = options;
        _random = new Random(options.Seed);
        _workload = new Workload(new Random(options.Seed + 1), options);
        _numbers = new RequestNumbers(options);
        Machine = new SimulatedEnvironment(options.Seed, device);
        _logTime = new LogTimeModel(Machine.Time);
        if (options.StartsAtMillis is { } start)
        {
            Machine.Time.StepWallClock(DateTimeOffset.FromUnixTimeMilliseconds(start) - Machine.Time.GetUtcNow());
        }

        options.Prepare?.Invoke(Machine.Device);
        Machine.Device.BeforeCall = call =>
        {
            BeforeCall?.Invoke(call);
            Observe(call.Kind, call.ToString());
        };
        Machine.Loops.AfterStep = name => Observe(CallKinds.None, name);
    }

    /// <summary>The machine.</summary>
    internal SimulatedEnvironment Machine { get; }

    /// <summary>The cut points, in order.</summary>
    internal IReadOnlyList<CutPoint> Cuts => _cuts;

    /// <summary>The moment after the closing; null before.</summary>
    internal CutPoint? End { get; private set; }

    /// <summary>Called before each call of the device.</summary>
    internal Action<DeviceCall>? BeforeCall { get; set; }

    /// <summary>Whether readers and writers are served: not while it is opened or closed.</summary>
    internal bool IsServing => _engine is not null;

    /// <summary>Called before each of the things that happen.</summary>
    internal Action? BeforeAction { get; set; }

    /// <summary>The requests, in order.</summary>
    internal IReadOnlyList<SubmittedRequest> Requests => _requests;

    /// <summary>Whether writes are numbered.</summary>
    internal bool IsNumbered => _options.Numbered;

    /// <summary>Numbers up to this one were said to be answered: they are not repeated any more.</summary>
    internal ulong DoneThrough => _numbers.DoneThrough;

    /// <summary>Why the store could not be opened or closed, when a fault forbade it.</summary>
    internal KvsException? Failure { get; private set; }

    /// <summary>Opens, works, closes.</summary>
    /// <param name="open">Opens the engine.</param>
    /// <exception cref="CrashFindingException">The engine threw, or a reader saw, what should not be.</exception>
    internal void Execute(EngineOpener open)
    {
        _open = open;
        try
        {
            if (Try(() => Open(open)))
            {
                Work();
            }

            Machine.Device.CheckClean();
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
    internal ModelHistory History() => new(_options.Initial, _requests, _options.VersionsAbove);

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

            if (request.HasChanged)
            {
                Learn(request);
            }
        }
    }

    // It is published before it is acknowledged, and time has not gone on since it was applied.
    private void Learn(SubmittedRequest request)
    {
        using var snapshot = _store!.Snapshot();
        _logTime.Check(snapshot.LogTimeMillis);
        request.LearnLogTime(snapshot.LogTimeMillis);
        _workload.Learn(request.Request);
    }

    private void Work()
    {
        for (var i = 0; i < _options.Actions && _store is not null; i++)
        {
            BeforeAction?.Invoke();
            Act(_store);
        }

        if (_store is not null)
        {
            Close(_store);
        }
    }

    private void Close(IKvEngine engine)
    {
        Settle();
        while (_held.Count > 0)
        {
            ReleaseSnapshot();
        }

        ReadVisible();
        _engine = null;
        Try(() => Machine.Loops.RunUntilCompleted(engine.DisposeAsync().AsTask()));
        _compactions.ForEach(compaction => Try(() => Machine.Loops.RunUntilCompleted(compaction)));
        _compactions.Clear();
        _store = null;
    }

    private void Restart(IKvEngine engine)
    {
        Close(engine);
        if (Machine.Device.FaultsStruck == 0)
        {
            Machine.Time.StepWallClock(_options.ClockStepMax * ((_random.NextDouble() * 2) - 1));
            Try(() => Open(_open!));
        }
    }

    private void Act(IKvEngine engine)
    {
        switch (_random.Next(18))
        {
            case < 9:
                Submit(engine, _random.Next(1, 4));
                Machine.Loops.RunSteps(_random.Next(8));
                break;
            case < 12:
                Settle();
                Machine.Loops.Advance(NextPause());
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
            case 15 when _options.Restarts && Machine.Device.FaultsStruck == 0:
                Restart(engine);
                break;
            default:
                Machine.Loops.RunSteps(_random.Next(20));
                break;
        }
    }

    // Mostly short, so that keys are there; sometimes longer than whatever the engine waits for.
    private TimeSpan NextPause() => TimeSpan.FromMilliseconds(_random.Next(8) == 0 ? LongPauseMillis : _random.Next(1, 900));

    private void Open(EngineOpener open)
    {
        var isRestart = _visible is not null;
        _logTime.Begin(_visible?.LogTimeMillis ?? 0);
        var opening = open(Machine.Environment).AsTask();
        Machine.Loops.RunUntilCompleted(opening);
        _store = opening.Result;
        _engine = _store;
        ReadVisible();
        foreach (var (key, entry) in _visible!.Entries)
        {
            _workload.Learn(key, entry.Version);
        }

        if (isRestart && _options.ClockStepMax > TimeSpan.Zero)
        {
            _logTime.Check(_visible.LogTimeMillis);
        }

        // What was on the disk may be newer than what this run knows, when a crash was before it.
        _logTime.Begin(_visible.LogTimeMillis);
    }

    private void Submit(IKvEngine engine, int requestCount)
    {
        using var published = engine.Snapshot();
        var item = new WorkItem(this);
        var requests = new SubmittedRequest[requestCount];
        for (var i = 0; i < requestCount; i++)
        {
            var request = _numbers.Next(_requests, _workload.NextRequest);
            item.Requests.Add(request);
            requests[i] = new SubmittedRequest(_requests.Count, request, item, _logTime, published.LogTimeMillis);
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

    private CutPoint CutNow(string before) => new(
        Machine.Device.Capture(),
        before,
        _requests.Count,
        _acknowledged,
        _visible,
        NowMillis(),
        _logTime.NowMillis + _logTime.Tolerance);

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
                var before = _visible;
                _visible = VisibleState.Read(snapshot);
                if (before is not null && (_visible.LogTimeMillis < before.LogTimeMillis || _visible.Version < before.Version))
                {
                    throw new CrashFindingException(
                        $"What readers see went back from {before.Version} to {_visible.Version}, "
                        + $"log time from {before.LogTimeMillis} to {_visible.LogTimeMillis}");
                }
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
