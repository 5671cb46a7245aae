using System.Diagnostics.CodeAnalysis;
using Kvs.Core.Operations;

namespace Kvs.Server.Configuration;

/// <summary>
/// How durable an acknowledged write of this server is: <c>always</c>, <c>interval:MILLISECONDS</c> or <c>os</c>.
/// </summary>
/// <param name="Durability">The mode.</param>
/// <param name="Interval">Time between syncs of the interval mode; otherwise zero.</param>
internal readonly record struct DurabilityMode(Durability Durability, TimeSpan Interval)
{
    private const string IntervalPrefix = "interval:";

    /// <summary>Synced before it is acknowledged.</summary>
    internal static DurabilityMode Always => new(Durability.Always, TimeSpan.Zero);

    /// <summary>Reads a mode.</summary>
    /// <param name="text">The text.</param>
    /// <param name="mode">The mode, when the text is one.</param>
    /// <returns>False when the text is no mode.</returns>
    internal static bool TryParse([NotNullWhen(true)] string? text, out DurabilityMode mode)
    {
        mode = text switch
        {
            "always" => Always,
            "os" => new DurabilityMode(Durability.Os, TimeSpan.Zero),
            _ => default,
        };

        if (mode != default)
        {
            return true;
        }

        if (text is null
            || !text.StartsWith(IntervalPrefix, StringComparison.Ordinal)
            || !SettingText.TryCount(text[IntervalPrefix.Length..], out var millis)
            || millis is < 1 or > 60_000)
        {
            return false;
        }

        mode = new DurabilityMode(Durability.Interval, TimeSpan.FromMilliseconds(millis));
        return true;
    }

    /// <summary>The text that <see cref="TryParse"/> reads.</summary>
    /// <returns>The mode.</returns>
    public override string ToString() => Durability switch
    {
        Durability.Always => "always",
        Durability.Interval => $"{IntervalPrefix}{(long)Interval.TotalMilliseconds}",
        _ => "os",
    };
}
