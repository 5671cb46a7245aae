namespace Kvs.TestKit.Contracts.Model;

/// <summary>The model test: draws steps, runs them, and on failure leaves out what the failure does not need.</summary>
internal static class ModelTest
{
    private const int ShrinkRunsMax = 300;

    /// <summary>Runs random steps.</summary>
    /// <param name="seed">From <see cref="TestSeed"/>.</param>
    /// <param name="count">How many steps.</param>
    /// <param name="open">Opens an engine with an empty store, each time.</param>
    internal static void Run(int seed, int count, Func<EngineHarness> open)
    {
        var random = new Random(seed);
        ModelStep[] steps = [.. Enumerable.Range(0, count).Select(_ => new ModelStep(Draw(random), random.Next()))];
        if (FirstFailure(steps, open) is not { } failure)
        {
            return;
        }

        var (shortest, last) = Shrink(steps[..(failure.Index + 1)], failure, open);
        throw new InvalidOperationException(
            $"Engine and model differ at step {failure.Index}: {failure.Cause.Message}\nShortest run found, {shortest.Length} "
            + $"steps: {last.Cause.Message}\n{string.Join('\n', shortest)}", last.Cause);
    }

    private static StepKind Draw(Random random) => random.Next(1000) switch
    {
        < 450 => StepKind.Write,
        < 550 => StepKind.Batch,
        < 620 => StepKind.Burst,
        < 720 => StepKind.Read,
        < 790 => StepKind.Scan,
        < 840 => StepKind.Count,
        < 900 => StepKind.Snapshot,
        < 994 => StepKind.Advance,
        < 997 => StepKind.Compact,
        _ => StepKind.Reopen,
    };

    private static Failure? FirstFailure(ModelStep[] steps, Func<EngineHarness> open)
    {
        using var run = new ModelRun(open());
        for (var i = 0; i < steps.Length; i++)
        {
            try
            {
                run.Do(steps[i]);
            }
            catch (Exception cause)
            {
                return new Failure(i, cause);
            }
        }

        return null;
    }

    /// <summary>Leaves out halves, then quarters, and so on, as long as the rest still fails.</summary>
    private static (ModelStep[] Steps, Failure Last) Shrink(ModelStep[] steps, Failure last, Func<EngineHarness> open)
    {
        var runs = 0;
        for (var part = steps.Length / 2; part > 0 && runs < ShrinkRunsMax; part /= 2)
        {
            for (var start = 0; start < steps.Length && runs < ShrinkRunsMax; runs++)
            {
                ModelStep[] rest = [.. steps[..start], .. steps[Math.Min(start + part, steps.Length)..]];
                if (FirstFailure(rest, open) is { } failure)
                {
                    steps = rest[..(failure.Index + 1)];
                    last = failure;
                }
                else
                {
                    start += part;
                }
            }
        }

        return (steps, last);
    }

    private sealed record Failure(int Index, Exception Cause);
}
