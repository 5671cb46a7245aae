using System.Globalization;
using Xunit;

namespace Kvs.TestKit.Fuzz;

/// <summary>Runs targets: a round in each test run, rounds without end for <c>./dev fuzz</c>.</summary>
internal static class FuzzRounds
{
    /// <summary>Runs one round.</summary>
    /// <param name="target">The target.</param>
    /// <param name="seed">Where its inputs come from.</param>
    /// <param name="inputs">How many.</param>
    internal static void RunOne(FuzzTarget target, int seed, int inputs)
    {
        var accepted = Fuzzer.Run(target, seed, inputs);

        // A fuzzer whose inputs are all refused at the door tests nothing behind it.
        Assert.InRange(accepted, inputs / 20, inputs);
    }

    /// <summary>Runs rounds until the time is over, or the inputs are used up, that <c>./dev fuzz</c> gives.</summary>
    /// <param name="targets">The targets; those that it asks for are run, which may be none of them.</param>
    /// <param name="inputs">Inputs of a round.</param>
    /// <param name="say">Told how many inputs there were.</param>
    internal static void RunUntilOver(IReadOnlyList<FuzzTarget> targets, int inputs, Action<string> say)
    {
        var limit = double.Parse(EndlessFactAttribute.Seconds!, CultureInfo.InvariantCulture);
        var inputsMax = Environment.GetEnvironmentVariable("KVS_FUZZ_INPUTS") is { Length: > 0 } text
            ? long.Parse(text, CultureInfo.InvariantCulture)
            : long.MaxValue;
        var asked = Environment.GetEnvironmentVariable("KVS_FUZZ_TARGET");
        var chosen = targets.Where(target => string.IsNullOrEmpty(asked) || target.Name == asked).ToList();
        var start = TimeProvider.System.GetTimestamp();
        var done = 0L;
        for (var seed = TestSeed.For();
            chosen.Count > 0 && done < inputsMax && TimeProvider.System.GetElapsedTime(start).TotalSeconds < limit;
            seed++)
        {
            chosen.ForEach(target => RunOne(target, seed, inputs));
            done += inputs;
        }

        say($"{done} inputs each: {string.Join(' ', chosen.Select(target => target.Name))}");
    }
}

/// <summary>A fact of <c>./dev fuzz</c>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EndlessFactAttribute : FactAttribute
{
    /// <summary>Skips the fact unless it is asked for.</summary>
    public EndlessFactAttribute()
    {
        if (string.IsNullOrEmpty(Seconds))
        {
            Skip = "The long run: ./dev fuzz [TARGET] [--seconds N].";
        }
    }

    /// <summary>How long, in seconds; null when it is not asked for.</summary>
    internal static string? Seconds => Environment.GetEnvironmentVariable("KVS_FUZZ_SECONDS");
}
