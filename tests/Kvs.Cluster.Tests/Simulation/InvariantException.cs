namespace Kvs.Cluster.Tests.Simulation;

/// <summary>An invariant of the protocol does not hold in a run.</summary>
/// <param name="invariant">Its name, as in the design: I1 to I15.</param>
/// <param name="what">What was seen.</param>
internal sealed class InvariantException(string invariant, string what) : Exception($"{invariant}: {what}")
{
    /// <summary>Its name.</summary>
    internal string Invariant { get; } = invariant;
}
