using Kvs.Core.Primitives;
using Kvs.TestKit.Device;

namespace Kvs.Crash.Tests.Harness;

/// <summary>
/// Runs one workload over and over, each time with another call failing, until the failing call lies beyond the end.
/// Whatever fails, the engine must not throw out of its loops, must answer every request, refuse writes for good once
/// it has refused one as faulted, and have every acknowledged batch after it is opened again.
/// </summary>
/// <param name="open">Opens the engine.</param>
/// <param name="options">The workload.</param>
internal sealed class FaultSweep(EngineOpener open, RunOptions options)
{
    private const int CutsEach = 4;

    /// <summary>Runs in which the fault struck.</summary>
    internal int Struck { get; private set; }

    /// <summary>Runs after which the store refused writes.</summary>
    internal int Faulted { get; private set; }

    /// <summary>Stores opened after a failure.</summary>
    internal int Checked { get; private set; }

    /// <summary>Sweeps over the calls of some kinds.</summary>
    /// <param name="kinds">Which calls fail.</param>
    /// <param name="fault">How.</param>
    /// <param name="forGood">Whether all later ones fail too.</param>
    /// <param name="stride">1 for every call; more to skip some.</param>
    internal void Run(CallKinds kinds, FaultKind fault, bool forGood, int stride = 1)
    {
        for (var nth = 1; RunOne(kinds, fault, nth, forGood); nth += stride)
        {
        }
    }

    private bool RunOne(CallKinds kinds, FaultKind fault, int nth, bool forGood)
    {
        var run = new CrashRun(options with
        {
            KeepsCutsAfterFaultOnly = true,
            Prepare = device => device.Fail(kinds, fault, nth, forGood),
        });
        try
        {
            run.Execute(open);
            CheckRefusals(run);
            var checker = new CrashChecker(open, options.Seed + nth);
            checker.CheckSome(run, CutsEach);
            Checked += checker.Checked;
        }
        catch (Exception failure)
        {
            throw new CrashFindingException(
                $"With {fault} at {kinds} number {nth}{(forGood ? " and all later ones" : "")}: {failure.Message}"
                + $"{Environment.NewLine}Last calls:{Environment.NewLine}{run.Machine.Device.Trace()}",
                failure);
        }

        Struck += run.Machine.Device.FaultsStruck > 0 ? 1 : 0;
        return run.Machine.Device.FaultsStruck > 0;
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
