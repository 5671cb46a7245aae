using System.Globalization;

namespace Kvs.Cluster.Tests.Processes.Load;

/// <summary>How long clients waited for a write, by fault. Threading: one test.</summary>
internal sealed class ChaosFigures
{
    private readonly Dictionary<string, List<TimeSpan>> _waits = [];

    /// <summary>A round has ended.</summary>
    /// <param name="fault">What went wrong in it.</param>
    /// <param name="longest">The longest time without an acknowledged write.</param>
    internal void Add(string fault, TimeSpan longest)
    {
        if (!_waits.TryGetValue(fault, out var waits))
        {
            _waits[fault] = waits = [];
        }

        waits.Add(longest);
    }

    /// <summary>A table: rounds, median and longest time for each fault.</summary>
    internal string Table() => string.Join('\n', _waits
        .OrderBy(static fault => fault.Key, StringComparer.Ordinal)
        .Select(static fault => Line(fault.Key, [.. fault.Value.Order()]))
        .Prepend("| fault | rounds | median | longest |"));

    private static string Line(string fault, List<TimeSpan> waits) => string.Create(
        CultureInfo.InvariantCulture,
        $"| {fault} | {waits.Count} | {waits[(waits.Count - 1) / 2].TotalSeconds:0.000} s | {waits[^1].TotalSeconds:0.000} s |");
}
