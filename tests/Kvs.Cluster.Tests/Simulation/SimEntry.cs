using Kvs.Core.Primitives;

namespace Kvs.Cluster.Tests.Simulation;

/// <summary>One batch of a simulated log. The same object in each log that holds it.</summary>
/// <param name="Version">Its version.</param>
/// <param name="Client">Who wrote it; 0 for the start of an epoch.</param>
/// <param name="RequestNumber">The client's number for it.</param>
/// <param name="Key">The key.</param>
/// <param name="Value">The value.</param>
/// <param name="Expected">Sequence that the key must have had; null for any.</param>
/// <param name="CommitKnown">Commit sequence that its primary knew when it was made.</param>
internal sealed record SimEntry(
    KvsVersion Version, int Client, int RequestNumber, string Key, string Value, ulong? Expected, ulong CommitKnown)
{
    /// <summary>Bytes that each batch pretends to have.</summary>
    internal const int Bytes = 100;

    /// <summary>Whether it only begins an epoch.</summary>
    internal bool IsEpochStart => Client == 0;
}
