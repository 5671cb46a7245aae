namespace Kvs.Server.Doors.Grpc.Wire;

/// <summary>
/// The header grpc-timeout: 1 to 8 digits and a unit (H, M, S, m, u, n). Source: gRPC over HTTP/2, "Timeout".
/// </summary>
internal static class GrpcTimeout
{
    /// <summary>Name of the header.</summary>
    internal const string Header = "grpc-timeout";

    private const int DigitsMax = 8;
    private const int NanosPerTick = 100;

    /// <summary>Reads it.</summary>
    /// <param name="text">The header's value.</param>
    /// <param name="timeout">The time that the caller gives; never less than a tick, unless it is 0.</param>
    /// <returns>False when it is malformed.</returns>
    internal static bool TryParse(ReadOnlySpan<char> text, out TimeSpan timeout)
    {
        timeout = default;
        if (text.Length is < 2 or > DigitsMax + 1 || text[..^1].ContainsAnyExceptInRange('0', '9'))
        {
            return false;
        }

        var number = long.Parse(text[..^1], System.Globalization.CultureInfo.InvariantCulture);
        long? ticks = text[^1] switch
        {
            'H' => number * TimeSpan.TicksPerHour,
            'M' => number * TimeSpan.TicksPerMinute,
            'S' => number * TimeSpan.TicksPerSecond,
            'm' => number * TimeSpan.TicksPerMillisecond,
            'u' => number * TimeSpan.TicksPerMicrosecond,
            'n' => (number + NanosPerTick - 1) / NanosPerTick,
            _ => null,
        };
        timeout = new TimeSpan(ticks ?? 0);
        return ticks is not null;
    }
}
