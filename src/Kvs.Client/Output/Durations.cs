using System.Buffers;
using System.Globalization;

namespace Kvs.Client.Output;

/// <summary>Times as people write them: 500ms, 30s, 1.5h, 2d. What is printed can be given back as an option.</summary>
internal static class Durations
{
    private static readonly SearchValues<char> NumberParts = SearchValues.Create("0123456789.");

    /// <summary>The longest that is accepted: 100 years, far inside what a TimeSpan and a timer can hold.</summary>
    private static TimeSpan Longest => TimeSpan.FromDays(36_500);

    /// <summary>Reads a duration of a number and a unit.</summary>
    /// <param name="text">The text.</param>
    /// <param name="duration">At least a millisecond.</param>
    /// <returns>False when it is none.</returns>
    internal static bool TryParse(ReadOnlySpan<char> text, out TimeSpan duration)
    {
        duration = default;
        var digits = text.IndexOfAnyExcept(NumberParts);
        if (digits <= 0 || UnitMillis(text[digits..]) is not { } unit
            || !double.TryParse(
                text[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        var millis = Math.Round(number * unit);
        if (millis < 1 || millis > Longest.TotalMilliseconds)
        {
            return false;
        }

        duration = TimeSpan.FromMilliseconds((long)millis);
        return true;
    }

    /// <summary>Writes a duration, to the millisecond.</summary>
    /// <param name="duration">The duration.</param>
    /// <returns>The text.</returns>
    internal static string Format(TimeSpan duration)
    {
        var millis = (long)duration.TotalMilliseconds;
        return millis < 1000
            ? string.Create(CultureInfo.InvariantCulture, $"{millis}ms")
            : string.Create(CultureInfo.InvariantCulture, $"{millis / 1000.0:0.###}s");
    }

    private static double? UnitMillis(ReadOnlySpan<char> unit) => unit switch
    {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => null,
    };
}
