using System.Globalization;

namespace Kvs.Server.Configuration;

/// <summary>Reads and writes the texts of numbers, byte counts, times and switches. Pure functions.</summary>
internal static class SettingText
{
    private static readonly (string Suffix, long Factor)[] _byteUnits =
        [("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10)];

    private static readonly (string Suffix, long Millis)[] _timeUnits =
        [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];

    /// <summary>Reads a whole number of 0 or more.</summary>
    /// <param name="text">Digits only.</param>
    /// <param name="count">The number.</param>
    /// <returns>False when the text is none.</returns>
    internal static bool TryCount(string text, out long count) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out count);

    /// <summary>Reads a number of bytes: digits, then nothing or one of KiB, MiB, GiB.</summary>
    /// <param name="text">The text.</param>
    /// <param name="bytes">The number.</param>
    /// <returns>False when the text is none.</returns>
    internal static bool TryBytes(string text, out long bytes)
    {
        foreach (var (suffix, factor) in _byteUnits)
        {
            if (text.EndsWith(suffix, StringComparison.Ordinal))
            {
                return TryScaled(text[..^suffix.Length], factor, out bytes);
            }
        }

        return TryCount(text, out bytes);
    }

    /// <summary>Reads a time: digits and one of ms, s, m, h; or 0.</summary>
    /// <param name="text">The text.</param>
    /// <param name="time">The time.</param>
    /// <returns>False when the text is none.</returns>
    internal static bool TryTime(string text, out TimeSpan time)
    {
        time = TimeSpan.Zero;
        if (text is "0")
        {
            return true;
        }

        foreach (var (suffix, factor) in _timeUnits)
        {
            if (text.EndsWith(suffix, StringComparison.Ordinal)
                && TryScaled(text[..^suffix.Length], factor, out var millis)
                && millis <= (long)TimeSpan.FromDays(365).TotalMilliseconds)
            {
                time = TimeSpan.FromMilliseconds(millis);
                return true;
            }
        }

        return false;
    }

    /// <summary>Reads a switch.</summary>
    /// <param name="text"><c>true</c> or <c>false</c>.</param>
    /// <param name="on">Whether it is on.</param>
    /// <returns>False when the text is neither.</returns>
    internal static bool TrySwitch(string text, out bool on) => bool.TryParse(text, out on);

    /// <summary>A number of bytes in its largest whole unit.</summary>
    /// <param name="bytes">The number.</param>
    /// <returns>A text that <see cref="TryBytes"/> reads.</returns>
    internal static string OfBytes(long bytes)
    {
        foreach (var (suffix, factor) in _byteUnits)
        {
            if (bytes > 0 && bytes % factor == 0)
            {
                return $"{bytes / factor}{suffix}";
            }
        }

        return bytes.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>A time in its largest whole unit up to minutes.</summary>
    /// <param name="time">The time.</param>
    /// <returns>A text that <see cref="TryTime"/> reads.</returns>
    internal static string OfTime(TimeSpan time)
    {
        var millis = (long)time.TotalMilliseconds;
        return millis switch
        {
            0 => "0",
            _ when millis % 60_000 == 0 => $"{millis / 60_000}m",
            _ when millis % 1_000 == 0 => $"{millis / 1_000}s",
            _ => $"{millis}ms",
        };
    }

    private static bool TryScaled(string digits, long factor, out long scaled)
    {
        scaled = 0;
        if (!TryCount(digits, out var count) || count > long.MaxValue / factor)
        {
            return false;
        }

        scaled = count * factor;
        return true;
    }
}
