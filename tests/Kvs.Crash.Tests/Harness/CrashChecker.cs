using Kvs.TestKit.Device;

namespace Kvs.Crash.Tests.Harness;

/// <summary>
/// Cuts the power (or kills the process) at the cut points of a run, opens what is left, and holds it against the
/// history: every acknowledged batch is there, none half, nothing that a reader had seen is gone, log time neither goes
/// back nor runs ahead, wherever the wall clock has been set. Some reopened stores are cut again, while they open or
/// after they have worked on.
/// </summary>
/// <param name="open">Opens the engine.</param>
/// <param name="seed">Chooses leftovers, second cuts and clocks.</param>
/// <param name="clockStepMax">How far the wall clock is set before an opening at most, forward or back.</param>
internal sealed class CrashChecker(EngineOpener open, int seed, TimeSpan clockStepMax = default)
{
    private const int ClockStepEvery = 2;
    private const int SecondCutEvery = 7;
    private const int SecondLifeEvery = 41;
    private const int SecondLifeActions = 6;
    private const int SecondLifeCuts = 10;
    private const int RetriesEvery = 3;

    private readonly Random _random = new(seed);
    private RetryCheck? _retries; // of the run that is being checked
    private bool _isNumbered; // whether that run numbers its writes

    /// <summary>Stores opened after a cut so far.</summary>
    internal int Checked { get; private set; }

    /// <summary>Checks a run at all its cut points.</summary>
    /// <param name="run">The run, executed.</param>
    /// <param name="leftoversMax">Most leftovers of each cut point.</param>
    internal void CheckAll(CrashRun run, int leftoversMax)
    {
        var history = HistoryOf(run);
        foreach (var cut in run.Cuts)
        {
            CheckCut(history, cut, leftoversMax);
        }
    }

    /// <summary>Checks a run at some of its cut points and at its end, with few leftovers.</summary>
    /// <param name="run">The run, executed.</param>
    /// <param name="count">How many cut points.</param>
    internal void CheckSome(CrashRun run, int count)
    {
        var history = HistoryOf(run);
        for (var i = 0; i < count && run.Cuts.Count > 0; i++)
        {
            CheckCut(history, run.Cuts[_random.Next(run.Cuts.Count)], leftoversMax: 2);
        }

        CheckCut(history, run.End!, leftoversMax: 4);
    }

    /// <summary>Checks the end of a run that kept no cut points.</summary>
    /// <param name="run">The run, executed.</param>
    internal void CheckEnd(CrashRun run) => CheckCut(HistoryOf(run), run.End!, leftoversMax: 4);

    private ModelHistory HistoryOf(CrashRun run)
    {
        var history = run.History();
        _retries = new RetryCheck(history, run);
        _isNumbered = run.IsNumbered;
        return history;
    }

    private void CheckCut(ModelHistory history, CutPoint cut, int leftoversMax)
    {
        var promise = PromiseAt(history, cut);
        CheckOne(cut, promise, cut.Point.Kill, "killed");
        foreach (var leftover in cut.Point.Leftovers(_random.Next(), leftoversMax))
        {
            CheckOne(cut, promise, () => cut.Point.PowerOff(leftover), $"power cut, {leftover}");
        }
    }

    private static Promise PromiseAt(ModelHistory history, CutPoint cut) =>
        new(history, FloorOf(history, cut), history.CeilingAfter(cut.Submitted), cut.Visible?.LogTimeMillis ?? 0, cut.LogTimeMillisMax);

    // What a reader has seen must be a state of the history too, while the store runs; it is promised like an answer.
    private static int FloorOf(ModelHistory history, CutPoint cut)
    {
        var acknowledged = history.FloorAfter(cut.Acknowledged);
        try
        {
            return cut.Visible is null
                ? acknowledged
                : history.Find(cut.Visible, acknowledged, history.CeilingAfter(cut.Submitted));
        }
        catch (CrashFindingException finding)
        {
            throw new CrashFindingException($"Before {cut.Before}, while it runs: {finding.Message}.", finding);
        }
    }

    private void CheckOne(CutPoint cut, Promise promise, Func<SimulatedFileSystem> crash, string how)
    {
        var trail = $"{how} before {cut.Before}";
        try
        {
            Checked++;
            var reopenedAt = ClockAfter(cut);
            promise = promise with { LogTimeMillisMax = Math.Max(promise.LogTimeMillisMax, reopenedAt) };
            trail += reopenedAt == cut.AtMillis ? "" : $", the clock set by {reopenedAt - cut.AtMillis} ms";
            var reopening = new Reopening(_random.Next(), crash(), reopenedAt, Checked % SecondCutEvery == 0);
            var position = 0;
            var repeats = Checked % RetriesEvery == 0 && Checked % SecondCutEvery != 0;
            reopening.Run(open, (engine, machine, seen) =>
            {
                position = promise.Check(seen);
                if (repeats)
                {
                    trail += ", then writes repeated";
                    _retries!.Run(engine, machine, _random, cut.Submitted, position, seen.LogTimeMillis);
                }
            });
            if (reopening.Cuts.Count > 0)
            {
                var again = reopening.Cuts[_random.Next(reopening.Cuts.Count)];
                var leftover = Any(again.Point);
                trail += $", then again after {again.Point.Calls} calls, {leftover}";
                var floor = again.IsOpened ? position : promise.From;
                CheckAgain(again.Point.PowerOff(leftover), promise with { From = floor }, cut);
            }

            if (Checked % SecondLifeEvery == 0)
            {
                trail += ", then in its second life";
                CheckSecondLife(crash(), promise.History, position, cut);
            }
        }
        catch (Exception failure)
        {
            throw new CrashFindingException($"{trail}: {failure.Message}", failure);
        }
    }

    private void CheckAgain(SimulatedFileSystem device, Promise promise, CutPoint cut)
    {
        Checked++;
        var reopenedAt = ClockAfter(cut);
        promise = promise with { LogTimeMillisMax = Math.Max(promise.LogTimeMillisMax, reopenedAt) };
        new Reopening(_random.Next(), device, reopenedAt, keepsCuts: false).Run(open, (_, _, seen) => promise.Check(seen));
    }

    private long ClockAfter(CutPoint cut) => clockStepMax == TimeSpan.Zero || _random.Next(ClockStepEvery) > 0
        ? cut.AtMillis
        : cut.AtMillis + (long)(clockStepMax.TotalMilliseconds * ((_random.NextDouble() * 2) - 1));

    private void CheckSecondLife(SimulatedFileSystem device, ModelHistory first, int position, CutPoint cut)
    {
        var options = new RunOptions
        {
            Seed = _random.Next(),
            Actions = SecondLifeActions,
            Initial = first.At(position),
            Numbered = _isNumbered,
            VersionsAbove = first.NewestAfter(cut.Submitted),
            StartsAtMillis = ClockAfter(cut),
        };
        var run = new CrashRun(options, device);
        run.Execute(open);
        var history = run.History();
        var seen = run.Cuts.Where(second => second.Visible is not null).ToList();
        for (var i = 0; i < SecondLifeCuts && seen.Count > 0; i++)
        {
            var second = seen[_random.Next(seen.Count)];
            var promise = PromiseAt(history, second);
            CheckAgain(second.Point.PowerOff(Any(second.Point)), promise, second);
        }
    }

    private Leftover Any(CrashPoint point)
    {
        var leftovers = point.Leftovers(_random.Next(), limit: 20).ToList();
        return leftovers[_random.Next(leftovers.Count)];
    }

    private sealed record Promise(ModelHistory History, int From, int To, long LogTimeMillis, long LogTimeMillisMax)
    {
        internal int Check(VisibleState seen)
        {
            if (seen.LogTimeMillis < LogTimeMillis)
            {
                throw new CrashFindingException(
                    $"Log time went back from {LogTimeMillis} to {seen.LogTimeMillis}: what has expired may come back");
            }

            if (seen.LogTimeMillis > LogTimeMillisMax)
            {
                throw new CrashFindingException(
                    $"Log time is {seen.LogTimeMillis}, no clock has shown more than {LogTimeMillisMax}: keys expire early");
            }

            return History.Find(seen, From, To);
        }
    }
}
