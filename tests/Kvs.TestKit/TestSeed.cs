using System.Globalization;
using System.Runtime.CompilerServices;

namespace Kvs.TestKit;

/// <summary>
/// Where tests take their randomness from. A test has the same seed in each run unless the variable <c>KVS_SEED</c>
/// gives another: a number, or <c>random</c>. A failure names the seed that replays it.
/// </summary>
internal static class TestSeed
{
    private const string Variable = "KVS_SEED";

    /// <summary>The seed of a test; <see cref="Run(Action{int}, string)"/> names it on failure, this does not.</summary>
    /// <param name="name">The test, filled in by the compiler.</param>
    /// <returns>A seed, the same for the same name.</returns>
    internal static int For([CallerMemberName] string name = "") => Environment.GetEnvironmentVariable(Variable) switch
    {
        null or "" => StableHash(name),
        "random" => Random.Shared.Next(),
        var text => int.Parse(text, CultureInfo.InvariantCulture),
    };

    /// <summary>Runs a test with its seed.</summary>
    /// <param name="test">The test.</param>
    /// <param name="name">Its name, filled in by the compiler.</param>
    internal static void Run(Action<int> test, [CallerMemberName] string name = "")
    {
        var seed = For(name);
        try
        {
            test(seed);
        }
        catch (Exception failure)
        {
            throw Failed(seed, failure);
        }
    }

    /// <summary>Runs an asynchronous test with its seed.</summary>
    /// <param name="test">The test.</param>
    /// <param name="name">Its name, filled in by the compiler.</param>
    /// <returns>The test's end.</returns>
    internal static async Task RunAsync(Func<int, Task> test, [CallerMemberName] string name = "")
    {
        var seed = For(name);
        try
        {
            await test(seed);
        }
        catch (Exception failure)
        {
            throw Failed(seed, failure);
        }
    }

    private static InvalidOperationException Failed(int seed, Exception failure) =>
        new($"Replay with {Variable}={seed}. {failure.Message}", failure);

    // string.GetHashCode differs from process to process; this one (FNV-1a) does not.
    private static int StableHash(string text)
    {
        var hash = 2166136261u;
        foreach (var character in text)
        {
            hash = unchecked((hash ^ character) * 16777619u);
        }

        return (int)(hash & int.MaxValue);
    }
}
