using System.Globalization;

namespace Kvs.Server.Doors.Http.Requests;

/// <summary>A span of time as clients write it: a number with ms, s, m, h or d.</summary>
internal static class TimeText
{
    /// <summary>What a text must look like, for error messages.</summary>
    internal const string Form = "a number with ms, s, m, h or d, above 0";

    private static readonly (string Unit, long Millis)[] _units =
        [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

    /// <summary>Reads a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="millis">Milliseconds; above 0.</param>
    /// <returns>False when it is no such text.</returns>
    internal static bool TryMillis(ReadOnlySpan<char> text, out long millis)
    {
        millis = 0;
        foreach (var (unit, factor) in _units)
        {
            if (text.EndsWith(unit, StringComparison.Ordinal)
                && long.TryParse(text[..^unit.Length], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && number is > 0 and < long.MaxValue / 86_400_000 / 1000)
            {
                millis = number * factor;
                return true;
            }
        }

        return false;
    }
}
