using System.Globalization;

namespace Kvs.Client.Output;

/// <summary>Says how many there are of something: 1 entry, 2 entries.</summary>
internal static class Amount
{
    /// <summary>The number and the word that goes with it.</summary>
    /// <param name="count">How many.</param>
    /// <param name="one">The word for one.</param>
    /// <param name="many">The word for any other number.</param>
    /// <returns>The text.</returns>
    internal static string Of(long count, string one, string many) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? one : many)}");
}
