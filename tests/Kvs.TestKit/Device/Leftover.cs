namespace Kvs.TestKit.Device;

/// <summary>One of the states that a power cut may leave: which pending changes reached the disk.</summary>
/// <param name="Description">For failure messages.</param>
/// <param name="Reached">The units, in order.</param>
internal sealed record Leftover(string Description, IReadOnlyList<LeftoverUnit> Reached)
{
    /// <inheritdoc/>
    public override string ToString() => Description;
}
