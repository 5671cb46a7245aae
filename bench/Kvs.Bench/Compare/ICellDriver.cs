using Kvs.Bench.Reports;
using Kvs.Bench.Servers;
using Kvs.Bench.Workloads;

namespace Kvs.Bench.Compare;

/// <summary>The client of a comparison: the same for all sides of a cell.</summary>
internal interface ICellDriver
{
    /// <summary>Its name.</summary>
    string Name { get; }

    /// <summary>How the keys look that it asks for.</summary>
    KeyWriter Keys { get; }

    /// <summary>Whether it can measure a side of a cell.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="side">The side.</param>
    bool Covers(Cell cell, Side side);

    /// <summary>Measures.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="side">The side.</param>
    /// <param name="server">Its server, which runs.</param>
    /// <param name="round">The round.</param>
    /// <returns>The figures, but for the sync latency.</returns>
    CellResult Measure(Cell cell, Side side, RunningServer server, int round);
}
