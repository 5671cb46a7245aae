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
        if (Millis(text) is not { } millis || millis < 1 || millis > Longest.TotalMilliseconds)
        {
            return false;
        }

        duration = TimeSpan.FromMilliseconds((long)millis);
        return true;
    }

    /// <summary>Says why a text is not taken.</summary>
    /// <param name="text">A text that <see cref="TryParse"/> refuses.</param>
    /// <returns>The end of a sentence that begins with the text.</returns>
    internal static string Complaint(ReadOnlySpan<char> text) => Millis(text) switch
    {
        null => "is no duration; write a number and a unit, such as 500ms, 30s, 5m, 2h or 1d",
        < 1 => "is too short; the shortest is 1ms",
        _ => string.Create(CultureInfo.InvariantCulture, $"is too long; the longest is {Longest.TotalDays}d"),
    };

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

    private static double? Millis(ReadOnlySpan<char> text)
    {
        var digits = text.IndexOfAnyExcept(NumberParts);
        return digits > 0 && UnitMillis(text[digits..]) is { } unit && double.TryParse(
            text[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            ? Math.Round(number * unit)
            : null;
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
