namespace Kvs.TestKit.Fuzz;

/// <summary>Bytes that the product reads although anybody may have written them.</summary>
/// <param name="Name">Its name for <c>./dev fuzz</c>.</param>
/// <param name="Samples">Valid inputs, from which others are made.</param>
/// <param name="Repair">Makes lengths and checksums right again, so that what lies behind them sees the damage.</param>
/// <param name="Read">
/// Reads an input; false when it is refused. Any exception is a finding, and so is what it asserts of an accepted input.
/// </param>
internal sealed record FuzzTarget(
    string Name, IReadOnlyList<byte[]> Samples, Func<byte[], byte[]> Repair, Func<byte[], bool> Read);
