using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Kvs.Micro;

/// <summary>What the parts may cost: the file bench/baseline.json, which changes on purpose only (`./dev bench check --accept`).</summary>
internal static class Baseline
{
    /// <summary>How much slower than stored a part may be: less is noise.</summary>
    internal const double SlowerMax = 1.3;

    private static readonly JsonSerializerOptions _format = new() { WriteIndented = true };

    /// <summary>Reads it.</summary>
    internal static Dictionary<string, Part> Read() =>
        File.Exists(FilePath()) ? JsonSerializer.Deserialize<Dictionary<string, Part>>(File.ReadAllText(FilePath()))! : [];

    /// <summary>Writes it.</summary>
    /// <param name="parts">What was measured.</param>
    internal static void Write(IReadOnlyDictionary<string, Part> parts) =>
        File.WriteAllText(FilePath(), JsonSerializer.Serialize(parts, _format) + "\n");

    /// <summary>What is worse than it should be.</summary>
    /// <param name="stored">What the parts may cost.</param>
    /// <param name="measured">What they cost.</param>
    /// <returns>A line for each part and each reason.</returns>
    internal static IEnumerable<string> Findings(IReadOnlyDictionary<string, Part> stored, IReadOnlyDictionary<string, Part> measured)
    {
        foreach (var (name, part) in measured)
        {
            if (!stored.TryGetValue(name, out var before))
            {
                yield return $"{name} is not in the baseline: ./dev bench check --accept";
            }
            else if (part.Bytes > before.Bytes)
            {
                yield return $"{name} allocates {part.Bytes} bytes; {before.Bytes} before";
            }
            else if (part.Ratio > SlowerMax * before.Ratio)
            {
                yield return $"{name} takes {part.Ratio:F3} times the reference; {before.Ratio:F3} before";
            }
        }

        foreach (var name in stored.Keys.Except(measured.Keys))
        {
            yield return $"{name} is in the baseline, and is not measured";
        }
    }

    /// <summary>The cheaper of two measurements of each part.</summary>
    /// <param name="one">One.</param>
    /// <param name="other">The other.</param>
    internal static IReadOnlyDictionary<string, Part> Least(IReadOnlyDictionary<string, Part> one, IReadOnlyDictionary<string, Part> other) =>
        one.ToDictionary(
            static part => part.Key,
            part => new Part(Math.Min(part.Value.Ratio, other[part.Key].Ratio), Math.Min(part.Value.Bytes, other[part.Key].Bytes)));

    private static string FilePath([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "../baseline.json");
}
