using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.TestKit;

namespace Kvs.Crash.Tests.Harness;

/// <summary>
/// Repeats numbered writes of a run under their numbers at the store that a crash has left: what is in the state that was
/// found is answered as it was, or as it would have been, and not applied again; what is not in it is applied once.
/// </summary>
/// <param name="history">The history of the run.</param>
/// <param name="run">The run.</param>
internal sealed class RetryCheck(ModelHistory history, CrashRun run) : IWorkItemOwner
{
    private const int Newest = 10;
    private const int Older = 4;

    /// <inheritdoc/>
    public void Completed(WorkItem item)
    {
    }

    /// <summary>Repeats the newest writes and a few older ones, in order, each twice.</summary>
    /// <param name="engine">The store.</param>
    /// <param name="machine">Its machine.</param>
    /// <param name="random">Chooses.</param>
    /// <param name="submitted">How many requests were handed over before the crash.</param>
    /// <param name="position">The state of the history that was found.</param>
    /// <param name="logTimeMillis">Its log time.</param>
    /// <exception cref="CrashFindingException">One was applied twice or not at all, or answered otherwise.</exception>
    internal void Run(
        IKvEngine engine, SimulatedEnvironment machine, Random random, int submitted, int position, long logTimeMillis)
    {
        var state = new ModelBatchState(history.At(position));
        var logTime = new LogTimeModel(machine.Time);
        logTime.Begin(logTimeMillis);
        foreach (var earlier in Choose(random, submitted))
        {
            var first = Repeat(engine, machine, logTime, earlier);
            if (first.IsRepeated ? WrongRepetition(first, position) : WrongExecution(first, state, position))
            {
                throw new CrashFindingException($"{earlier}, repeated, was answered {first.Code}, version {first.Version}, "
                    + $"{(first.IsRepeated ? "as a repetition" : "and executed")}");
            }

            var second = Repeat(engine, machine, logTime, earlier);
            if ((first.HasChanged || first.IsRepeated) && (!second.IsRepeated || second.Version != first.Version))
            {
                throw new CrashFindingException($"{earlier}, repeated twice, was applied twice");
            }

            if (!first.HasChanged && !first.IsRepeated && second.ApplyTo(state) is { } difference)
            {
                throw new CrashFindingException(difference);
            }
        }

        var seen = VisibleState.Read(engine);
        if (!seen.Shows(state.Entries))
        {
            throw new CrashFindingException($"Writes were repeated, then {seen.DifferenceTo(state.Entries)}");
        }
    }

    private IEnumerable<SubmittedRequest> Choose(Random random, int submitted)
    {
        var all = run.Requests.Take(submitted)
            .Where(request => request.Identity.Number > run.DoneThrough && !request.IsRefused && !request.IsRepeated)
            .Where(request => request.Request.Operations.Exists(operation => operation.IsWrite))
            .DistinctBy(request => request.Identity)
            .ToList();
        var older = all.SkipLast(Newest).ToArray();
        random.Shuffle(older);
        return older.Take(Older).Concat(all.TakeLast(Newest)).OrderBy(request => request.Ordinal);
    }

    private SubmittedRequest Repeat(IKvEngine engine, SimulatedEnvironment machine, LogTimeModel logTime, SubmittedRequest earlier)
    {
        using var published = engine.Snapshot();
        var item = new WorkItem(this);
        var request = RequestNumbers.Again(earlier);
        item.Requests.Add(request);
        var again = new SubmittedRequest(earlier.Ordinal, request, item, logTime, published.LogTimeMillis);
        engine.Submit(item);
        machine.Loops.RunUntilIdle();
        again.IsCompleted = true;
        if (again.HasChanged)
        {
            using var snapshot = engine.Snapshot();
            again.LearnLogTime(snapshot.LogTimeMillis);
        }

        return again;
    }

    // A state may look like an earlier one, where all that a write did has expired: so it may be there all the same.
    private bool WrongRepetition(SubmittedRequest again, int position) =>
        !history.TryFindApplied(again.Identity, out _, out var first) || again.DifferenceTo(first) is not null;

    private bool WrongExecution(SubmittedRequest again, ModelBatchState state, int position)
    {
        if (history.TryFindApplied(again.Identity, out var at, out _) && at <= position)
        {
            return true;
        }

        return again.ApplyTo(state) is { } difference ? throw new CrashFindingException(difference) : false;
    }
}
