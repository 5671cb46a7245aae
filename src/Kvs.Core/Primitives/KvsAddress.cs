using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Kvs.Core.Primitives;

/// <summary>
/// Where a server listens: a host (a name, or an IPv4 or IPv6 literal without brackets) and a port. As text
/// <c>host:port</c>; an IPv6 literal stands in brackets there, <c>[::1]:4000</c>. Nothing is resolved here.
/// </summary>
/// <param name="Host">The host.</param>
/// <param name="Port">The port, 0 to 65535; 0 has a meaning only for a server that takes any free one.</param>
public readonly record struct KvsAddress(string Host, int Port)
{
    private const int PortMax = 65_535;

    /// <summary>Reads an address. A text without a port is none.</summary>
    /// <param name="text">The text.</param>
    /// <param name="address">The address, when it is one.</param>
    /// <returns>False when the text is no address.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out KvsAddress address)
    {
        address = default;
        var colon = text.LastIndexOf(':');
        if (colon <= 0
            || !int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || port > PortMax
            || !TryParseHost(text[..colon], out var host))
        {
            return false;
        }

        address = new KvsAddress(host, port);
        return true;
    }

    /// <summary>Reads one or more addresses, separated by commas. Spaces around them do not count.</summary>
    /// <param name="text">The text.</param>
    /// <param name="addresses">The addresses, in their order; empty when the text is wrong.</param>
    /// <returns>False when one of them is no address.</returns>
    public static bool TryParseList(string text, out IReadOnlyList<KvsAddress> addresses)
    {
        ArgumentNullException.ThrowIfNull(text);
        addresses = [];
        var parsed = new List<KvsAddress>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!TryParse(part, out var address))
            {
                return false;
            }

            parsed.Add(address);
        }

        addresses = parsed;
        return true;
    }

    /// <summary>The address as text that <see cref="TryParse"/> reads.</summary>
    /// <returns>Host, colon, port.</returns>
    public override string ToString() => Host is { } host && host.Contains(':', StringComparison.Ordinal)
        ? string.Create(CultureInfo.InvariantCulture, $"[{host}]:{Port}")
        : string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");

    private static bool TryParseHost(ReadOnlySpan<char> text, out string host)
    {
        host = "";
        if (text is ['[', .. var literal, ']'])
        {
            if (!IPAddress.TryParse(literal, out var ip) || ip.AddressFamily != AddressFamily.InterNetworkV6)
            {
                return false;
            }

            host = literal.ToString();
            return true;
        }

        var hasLetter = false;
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_'))
            {
                return false;
            }

            hasLetter |= char.IsAsciiLetter(c);
        }

        // Digits and dots alone are an IPv4 literal; "127.1" and "2130706433" are forms of it that people mistype rather than mean.
        host = text.ToString();
        return hasLetter || (text.Count('.') == 3 && IPAddress.TryParse(text, out _));
    }
}
