using Kvs.Bench.Figures;

namespace Kvs.Bench.Load;

/// <summary>Carries out a plan, and measures what the processors did meanwhile.</summary>
internal static class LoadRun
{
    private const int MillisOfSecond = 1000;

    /// <summary>Runs it on threads of its own, and waits for them.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="serverId">Process of the server; null when it is not known.</param>
    /// <exception cref="LoadFaultException">A reply was wrong, or did not come.</exception>
    internal static LoadResult Run(LoadPlan plan, int? serverId)
    {
        var threads = new List<LoadThread>();
        try
        {
            for (var i = 0; i < plan.Threads; i++)
            {
                var clients = (plan.Clients * (i + 1) / plan.Threads) - (plan.Clients * i / plan.Threads);
                threads.Add(new LoadThread(plan, clients));
            }

            return Measure(plan, threads, serverId, LoadWindow.Now(plan));
        }
        finally
        {
            threads.ForEach(static thread => thread.Dispose());
        }
    }

    private static LoadResult Measure(LoadPlan plan, List<LoadThread> threads, int? serverId, LoadWindow window, Processors? begun = null)
    {
        var recorders = threads.Select(_ => new LoadRecorder(window.From, window.Until, plan.Rate is not null)).ToList();
        var runs = threads.Select((thread, i) => Task.Factory.StartNew(
            () => thread.Run(PaceOf(plan, window, i), recorders[i], GiveUpOf(plan, window)),
            CancellationToken.None,
            TaskCreationOptions.LongRunning, // a thread of its own
            TaskScheduler.Default)).ToArray();
        var all = Task.WhenAll(runs);
        WaitUntil(window.From, all);
        var before = begun ?? Processors.Now(serverId);
        WaitUntil(window.Until, all);
        var spent = Processors.Now(serverId) - before;
        all.GetAwaiter().GetResult();
        var result = ResultOf(recorders, spent, plan.EachKeyOnce ? spent.Seconds : window.Seconds);

        // A closed loop that had no reply in its time would give a rate of nothing, to which there is no ratio: its time goes on.
        return result.All.Count > 0 || plan.EachKeyOnce || plan.Rate is not null
            ? result
            : Measure(plan, threads, serverId, window.Longer(), before);
    }

    private static ILoadPace PaceOf(LoadPlan plan, LoadWindow window, int thread)
    {
        const double NanosOfSecond = 1e9;
        var source = new RequestSource(plan, window, thread);
        return plan.Rate is { } rate
            ? new OpenPace(source, window, NanosOfSecond * plan.Threads / rate)
            : new ClosedPace(source, plan.Pipeline);
    }

    // An open loop that is behind at the end catches up for as long again as it was measured, and no longer.
    private static long GiveUpOf(LoadPlan plan, LoadWindow window) =>
        plan.Rate is null ? long.MaxValue : window.Until + (window.Until - window.From);

    private static void WaitUntil(long time, Task run)
    {
        while (!run.IsCompleted && Clock.Nanos < time)
        {
            var millis = Math.Clamp(Clock.ToSeconds(time - Clock.Nanos) * MillisOfSecond, 0, MillisOfSecond);
            Task.WaitAny([run], (int)Math.Ceiling(millis));
        }
    }

    private static LoadResult ResultOf(List<LoadRecorder> recorders, Processors spent, double seconds)
    {
        var (reads, writes, all) = (new LatencyHistogram(), new LatencyHistogram(), new LatencyHistogram());
        foreach (var recorder in recorders)
        {
            reads.Add(recorder.Reads);
            writes.Add(recorder.Writes);
        }

        all.Add(reads);
        all.Add(writes);
        return new LoadResult
        {
            Rate = recorders.Sum(static recorder => recorder.Carried) / seconds,
            All = all,
            Reads = reads,
            Writes = writes,
            Unanswered = recorders.Sum(static recorder => recorder.Unanswered),
            ServerCores = spent.Server / spent.Seconds,
            ClientCores = spent.Own / spent.Seconds,
            ForeignCores = Math.Max(0, spent.Machine - spent.Server - spent.Own) / spent.Seconds,
        };
    }

    /// <summary>Seconds of processor time up to a point.</summary>
    private readonly record struct Processors(double Seconds, double Server, double Own, double Machine)
    {
        public static Processors operator -(Processors a, Processors b) =>
            new(a.Seconds - b.Seconds, a.Server - b.Server, a.Own - b.Own, a.Machine - b.Machine);

        internal static Processors Now(int? serverId) => new(
            Clock.ToSeconds(Clock.Nanos),
            serverId is { } id ? ProcessorTime.OfProcess(id) : 0,
            Environment.CpuUsage.TotalTime.TotalSeconds,
            ProcessorTime.OfMachine());
    }
}
