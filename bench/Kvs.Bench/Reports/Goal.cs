using Kvs.Bench.Figures;

namespace Kvs.Bench.Reports;

/// <summary>A line of the target table: a figure of each round, and what it should be.</summary>
/// <param name="Text">What is wanted.</param>
/// <param name="Bound">The bound.</param>
/// <param name="IsLeast">Whether the figure should be at least that; else at most.</param>
/// <param name="Figure">The figure in a round; null when something was not measured.</param>
internal sealed record Goal(string Text, double Bound, bool IsLeast, Func<RoundResults, double?> Figure)
{
    /// <summary>Whether it is hoped for rather than wanted.</summary>
    internal bool IsMoonshot { get; init; }

    /// <summary>Whether a figure is good enough.</summary>
    /// <param name="measured">What the rounds gave: their median counts.</param>
    internal bool IsMet(Spread measured) => IsLeast ? measured.Median >= Bound : measured.Median <= Bound;

    /// <summary>A rate that should be some times that of a peer.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="side">Who should have it.</param>
    /// <param name="peer">The peer.</param>
    /// <param name="bound">How many times at least.</param>
    internal static Goal Ratio(string cell, string side, string peer, double bound) =>
        new($"{side}: {cell}, to {peer}", bound, IsLeast: true, round => round.Of(cell, side)?.Rate / round.Of(cell, peer)?.Rate);

    /// <summary>What the rounds gave.</summary>
    /// <param name="results">All results.</param>
    /// <returns>Null when it was not measured.</returns>
    internal Spread? Measured(IEnumerable<CellResult> results)
    {
        var figures = results.GroupBy(static result => result.Round)
            .Select(round => Figure(new RoundResults(round)))
            .OfType<double>()
            .ToList();
        return figures.Count > 0 ? Spread.Of(figures) : null;
    }
}

/// <summary>The results of one round.</summary>
/// <param name="results">They.</param>
internal sealed class RoundResults(IEnumerable<CellResult> results)
{
    private readonly Dictionary<(string, string), CellResult> _results = results.ToDictionary(static result => (result.Cell, result.Side));

    /// <summary>One of them.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="side">The side.</param>
    /// <returns>Null when it was not measured.</returns>
    internal CellResult? Of(string cell, string side) => _results.GetValueOrDefault((cell, side));
}
