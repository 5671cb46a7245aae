using System.Diagnostics.CodeAnalysis;
using Kvs.Core.Operations;
using Kvs.Server.Doors.Resp.Wire;

namespace Kvs.Server.Doors.Resp.Commands.Keys;

/// <summary>When a key is to expire, as it was asked.</summary>
/// <param name="Kind">After a time, or at one.</param>
/// <param name="Millis">Milliseconds.</param>
internal readonly record struct AskedExpiry(ExpiryKind Kind, long Millis)
{
    /// <summary>Gives it to an operation.</summary>
    /// <param name="operation">A set or an expire.</param>
    internal Operation Put(in Operation operation) => operation with { Expiry = Kind, ExpiryMillis = Millis };
}

/// <summary>Reads the times of SET, GETEX, EXPIRE and the like.</summary>
internal static class Expiries
{
    /// <summary>Finds what an option of SET and GETEX measures.</summary>
    /// <param name="option">The word.</param>
    /// <param name="unitMillis">Milliseconds of its unit.</param>
    /// <param name="kind">After a time, or at one.</param>
    /// <returns>False when it is no such option.</returns>
    internal static bool TryFindOption(ReadOnlySpan<byte> option, out long unitMillis, out ExpiryKind kind)
    {
        (unitMillis, kind) = option switch
        {
            _ when WordText.Is(option, "EX"u8) => (1000, ExpiryKind.In),
            _ when WordText.Is(option, "PX"u8) => (1, ExpiryKind.In),
            _ when WordText.Is(option, "EXAT"u8) => (1000, ExpiryKind.At),
            _ when WordText.Is(option, "PXAT"u8) => (1, ExpiryKind.At),
            _ => (0L, ExpiryKind.None),
        };
        return unitMillis != 0;
    }

    /// <summary>Reads a time that must be positive.</summary>
    /// <param name="word">The word.</param>
    /// <param name="unitMillis">Milliseconds of its unit.</param>
    /// <param name="kind">After a time, or at one.</param>
    /// <param name="name">Name of the command, for the error.</param>
    /// <param name="expiry">The expiry.</param>
    /// <param name="error">Why it is refused.</param>
    internal static bool TryRead(
        ReadOnlySpan<byte> word, long unitMillis, ExpiryKind kind, string name, out AskedExpiry expiry,
        [NotNullWhen(false)] out string? error)
    {
        expiry = default;
        if (!RespNumbers.TryParse(word, out long number))
        {
            error = RespErrors.NotAnInteger;
            return false;
        }

        // 2^62 milliseconds are 146 million years: what Redis could not add to the present time is refused there too.
        error = number <= 0 || number > long.MaxValue / 2 / unitMillis ? RespErrors.BadExpiry(name) : null;
        expiry = new AskedExpiry(kind, unchecked(number * unitMillis));
        return error is null;
    }
}
