namespace Kvs.Bench.Compare;

/// <summary>How the comparison is done.</summary>
internal sealed record ComparisonOptions
{
    /// <summary>How often all cells are measured, in turn.</summary>
    public required int Rounds { get; init; }

    /// <summary>Whether there is a round before them that does not count; a short form of one round has none.</summary>
    internal bool HasRoundZero => Rounds > 1;

    /// <summary>Seconds of the measured part of a side of a cell in a round.</summary>
    public required double Seconds { get; init; }

    /// <summary>Seconds before it.</summary>
    public required double WarmUpSeconds { get; init; }

    /// <summary>Keys that are there before.</summary>
    public required long Keys { get; init; }

    /// <summary>Bytes of a value.</summary>
    public required int ValueBytes { get; init; }

    /// <summary>Directory for the data of the servers.</summary>
    public required string Directory { get; init; }

    /// <summary>Most keys of cells that ask for a number of their own.</summary>
    public long KeysMost { get; init; } = long.MaxValue;

    /// <summary>Most points of a curve.</summary>
    public int PointsMost { get; init; } = int.MaxValue;

    /// <summary>Cells whose names contain one of these; all when there is none.</summary>
    public IReadOnlyList<string> Cells { get; init; } = [];

    /// <summary>Sides of these names; all when there is none.</summary>
    public IReadOnlyList<string> Sides { get; init; } = [];

    /// <summary>The cells that are asked for.</summary>
    internal IEnumerable<Cell> ChosenCells =>
        Cell.All.Where(cell => Cells.Count == 0 || Cells.Any(part => cell.Name.Contains(part, StringComparison.Ordinal)));

    /// <summary>The sides of a cell that are asked for.</summary>
    /// <param name="cell">The cell.</param>
    internal IEnumerable<Side> ChosenSides(Cell cell) =>
        Side.All.Where(side => cell.Sides.Contains(side.Name) && (Sides.Count == 0 || Sides.Contains(side.Name)));
}
