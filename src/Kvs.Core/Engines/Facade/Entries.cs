using Kvs.Core.Operations;

namespace Kvs.Core.Engines.Facade;

/// <summary>Turns what an engine says of a key into what the API says. Times beyond the calendar become its end.</summary>
internal static class Entries
{
    private static readonly long CalendarEndMillis = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>An entry of the API.</summary>
    /// <param name="key">The key. Ownership: the entry's.</param>
    /// <param name="value">The value. Ownership: the entry's.</param>
    /// <param name="info">What the engine knows.</param>
    /// <returns>The entry.</returns>
    internal static KvsEntry Make(byte[] key, byte[] value, in EntryInfo info) =>
        new(key, new KvsValue(value), info.Version, ExpiryOf(info)) { ContentType = info.ContentType };

    /// <summary>How long a key has to live.</summary>
    /// <param name="info">What the engine knows of it, at the log time.</param>
    /// <param name="logTimeMillis">Log time of the snapshot, unix milliseconds.</param>
    /// <returns>The remaining time.</returns>
    internal static TimeToLiveResult RemainingOf(in EntryInfo info, long logTimeMillis) => info.ExpiresAtMillis == 0
        ? new TimeToLiveResult(true, null)
        : new TimeToLiveResult(true, TimeSpan.FromMilliseconds(Math.Min(info.ExpiresAtMillis, CalendarEndMillis) - logTimeMillis));

    private static DateTimeOffset? ExpiryOf(in EntryInfo info) => info.ExpiresAtMillis == 0
        ? null
        : DateTimeOffset.FromUnixTimeMilliseconds(Math.Min(info.ExpiresAtMillis, CalendarEndMillis));
}
