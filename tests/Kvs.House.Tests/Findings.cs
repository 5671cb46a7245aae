using Xunit;

namespace Kvs.House.Tests;

/// <summary>Fails with every finding on a line of its own: a gate must say all that is wrong at once.</summary>
internal static class Findings
{
    /// <summary>Asserts that there is none.</summary>
    /// <param name="findings">What was found.</param>
    /// <typeparam name="T">Anything that prints well.</typeparam>
    internal static void None<T>(IEnumerable<T> findings)
    {
        var all = string.Join('\n', findings);
        Assert.True(all.Length == 0, all);
    }
}
