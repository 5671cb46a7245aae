using System.Globalization;

namespace Kvs.Core.Primitives;

/// <summary>
/// The version of a key or of a whole store: the sequence number of a batch within an epoch. Sequences are dense and
/// store-wide; an epoch is begun by each opening of a store, so that the pair never names two contents, even after a
/// crash under a weaker durability, a repair or a restored copy.
/// </summary>
/// <param name="Epoch">
/// The reign: upper 32 bits count up, lower 32 bits are drawn at random when the epoch begins, so that two copies of
/// one store that both count to the same reign still differ. Epochs compare by number.
/// </param>
/// <param name="Sequence">The position of the batch; 0 before the first batch.</param>
public readonly record struct KvsVersion(ulong Epoch, ulong Sequence) : IComparable<KvsVersion>
{
    /// <summary>No version: matches no key.</summary>
    public static KvsVersion None => default;

    /// <summary>Orders by epoch, then by sequence.</summary>
    /// <param name="left">One version.</param>
    /// <param name="right">The other.</param>
    public static bool operator <(KvsVersion left, KvsVersion right) => left.CompareTo(right) < 0;

    /// <summary>Orders by epoch, then by sequence.</summary>
    /// <param name="left">One version.</param>
    /// <param name="right">The other.</param>
    public static bool operator >(KvsVersion left, KvsVersion right) => left.CompareTo(right) > 0;

    /// <summary>Orders by epoch, then by sequence.</summary>
    /// <param name="left">One version.</param>
    /// <param name="right">The other.</param>
    public static bool operator <=(KvsVersion left, KvsVersion right) => left.CompareTo(right) <= 0;

    /// <summary>Orders by epoch, then by sequence.</summary>
    /// <param name="left">One version.</param>
    /// <param name="right">The other.</param>
    public static bool operator >=(KvsVersion left, KvsVersion right) => left.CompareTo(right) >= 0;

    /// <summary>Reads a token made by <see cref="ToString"/>.</summary>
    /// <param name="token">The text.</param>
    /// <param name="version">The version, when the text is a token.</param>
    /// <returns>False when the text is no token.</returns>
    public static bool TryParse(ReadOnlySpan<char> token, out KvsVersion version)
    {
        version = default;
        var dash = token.IndexOf('-');
        if (dash <= 0
            || !ulong.TryParse(token[..dash], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var epoch)
            || !ulong.TryParse(token[(dash + 1)..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var sequence))
        {
            return false;
        }

        version = new KvsVersion(epoch, sequence);
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(KvsVersion other)
    {
        var byEpoch = Epoch.CompareTo(other.Epoch);
        return byEpoch != 0 ? byEpoch : Sequence.CompareTo(other.Sequence);
    }

    /// <summary>The opaque token that users see: treat it as text and give it back as it is.</summary>
    /// <returns>Two hexadecimal numbers and a dash.</returns>
    public override string ToString() => $"{Epoch:x}-{Sequence:x}";
}
