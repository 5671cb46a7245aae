using Kvs.Core.Primitives;
using Kvs.TestKit.Device;

namespace Kvs.Crash.Tests.Harness;

/// <summary>
/// Runs one workload over and over, each time with another call failing.
/// Whatever fails, the engine must not throw out of its loops, must answer every request, refuse writes for good once
/// it has refused one as faulted, and have every acknowledged batch after it is opened again.
/// </summary>
/// <param name="open">Opens the engine.</param>
/// <param name="options">The workload.</param>
internal sealed class FaultSweep(EngineOpener open, RunOptions options)
{
    private const int CutsEach = 1;
    private const int Lives = 5;

    private readonly SortedDictionary<FaultPhase, int> _struckIn = [];

    /// <summary>Runs in which the fault struck.</summary>
    internal int Struck { get; private set; }

    /// <summary>Runs after which the store refused writes.</summary>
    internal int Faulted { get; private set; }

    /// <summary>Stores opened after a failure.</summary>
    internal int Checked { get; private set; }

    /// <summary>Runs in which the fault struck, by what the kvs engine was at.</summary>
    internal IReadOnlyDictionary<FaultPhase, int> StruckIn => _struckIn;

    /// <summary>Lets each call of some kinds fail, until the failing call lies beyond the end.</summary>
    /// <param name="kinds">Which calls fail.</param>
    /// <param name="fault">How.</param>
    /// <param name="forGood">Whether all later ones fail too.</param>
    internal void Run(CallKinds kinds, FaultKind fault, bool forGood)
    {
        for (var nth = 1; RunOne(kinds, fault, nth, forGood, options.Seed); nth++)
        {
        }
    }

    /// <summary>Lets so many calls of each phase fail, spread evenly over some lives.</summary>
    /// <param name="kinds">Which calls fail.</param>
    /// <param name="fault">How.</param>
    /// <param name="forGood">Whether all later ones fail too.</param>
    /// <param name="pointsMax">Most failing calls of a phase.</param>
    internal void RunSome(CallKinds kinds, FaultKind fault, bool forGood, int pointsMax)
    {
        var points = Enumerable.Range(options.Seed, Lives).SelectMany(seed => PointsOf(seed, kinds));
        foreach (var phase in points.GroupBy(point => point.Phase))
        {
            var all = phase.ToList();
            var count = Math.Min(all.Count, pointsMax);
            for (var i = 0; i < count; i++)
            {
                var (seed, nth, _) = all[(int)((long)i * all.Count / count)];
                RunOne(kinds, fault, nth, forGood, seed);
            }
        }
    }

    /// <summary>The calls of a life in which none fails.</summary>
    private List<(int Seed, int Nth, FaultPhase Phase)> PointsOf(int seed, CallKinds kinds)
    {
        var points = new List<(int Seed, int Nth, FaultPhase Phase)>();
        var run = new CrashRun(options with { Seed = seed, KeepsCutsAfterFaultOnly = true });
        WatchPhases(run, (call, phase) =>
        {
            if ((call.Kind & kinds) != CallKinds.None)
            {
                points.Add((seed, points.Count + 1, phase));
            }
        });
        run.Execute(open);
        return points;
    }

    private static void WatchPhases(CrashRun run, Action<DeviceCall, FaultPhase> see)
    {
        var phases = new FaultPhases();
        run.BeforeCall = call => see(call, phases.Of(call, run.Machine.Loops.RunningLoop, run.IsServing));
    }

    private bool RunOne(CallKinds kinds, FaultKind fault, int nth, bool forGood, int seed)
    {
        var run = new CrashRun(options with
        {
            Seed = seed,
            KeepsCutsAfterFaultOnly = true,
            Prepare = device => device.Fail(kinds, fault, nth, forGood),
        });
        var (seen, struckIn) = (0, FaultPhase.Open);
        WatchPhases(run, (call, phase) =>
        {
            seen += (call.Kind & kinds) == CallKinds.None ? 0 : 1;
            struckIn = seen == nth && (call.Kind & kinds) != CallKinds.None ? phase : struckIn;
        });
        try
        {
            run.Execute(open);
            CheckRefusals(run);
            var checker = new CrashChecker(open, seed + nth);
            checker.CheckSome(run, CutsEach);
            Checked += checker.Checked;
        }
        catch (Exception failure)
        {
            throw new CrashFindingException(
                $"With {fault} at {kinds} number {nth} of life {seed}{(forGood ? " and all later ones" : "")}, in {struckIn}: {failure.Message}"
                + $"{Environment.NewLine}Last calls:{Environment.NewLine}{run.Machine.Device.Trace()}",
                failure);
        }

        if (run.Machine.Device.FaultsStruck == 0)
        {
            return false;
        }

        Struck++;
        _struckIn[struckIn] = _struckIn.GetValueOrDefault(struckIn) + 1;
        return true;
    }

    private void CheckRefusals(CrashRun run)
    {
        var faulted = run.Requests.FirstOrDefault(request => request.Code == ErrorCode.Faulted);
        Faulted += faulted is null ? 0 : 1;
        var late = run.Requests.FirstOrDefault(request => request.Ordinal > faulted?.Ordinal && request.HasChanged);
        if (late is not null)
        {
            throw new CrashFindingException($"{late} was applied after {faulted} was refused as faulted");
        }
    }
}
