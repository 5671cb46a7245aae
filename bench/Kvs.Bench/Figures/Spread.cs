using System.Globalization;

namespace Kvs.Bench.Figures;

/// <summary>What the rounds of one cell gave: never one number without the two that it lies between.</summary>
/// <param name="Median">The middle one.</param>
/// <param name="Min">The least.</param>
/// <param name="Max">The most.</param>
internal readonly record struct Spread(double Median, double Min, double Max)
{
    /// <summary>Of at least one figure.</summary>
    /// <param name="figures">One for each round.</param>
    internal static Spread Of(IEnumerable<double> figures)
    {
        var sorted = figures.Order().ToList();
        var middle = sorted.Count / 2;
        var median = sorted.Count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[^1]);
    }

    /// <summary>As text, for a table.</summary>
    /// <param name="format">Format of each number.</param>
    internal string Text(string format) =>
        string.Create(CultureInfo.InvariantCulture, $"{Format(Median, format)} ({Format(Min, format)}..{Format(Max, format)})");

    private static string Format(double figure, string format) => figure.ToString(format, CultureInfo.InvariantCulture);
}
