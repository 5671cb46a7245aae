using Kvs.Core.Primitives;
using Microsoft.Extensions.Primitives;

namespace Kvs.Server.Doors.Http.Requests;

/// <summary>
/// The value of If-Match or If-None-Match (RFC 9110, 13.1). The tag of a value is its version in quotes; a tag of another
/// form is a legal one that no value has.
/// </summary>
/// <param name="IsGiven">Whether the header stands there.</param>
/// <param name="IsAny">Whether it is a star.</param>
/// <param name="Versions">The versions that it names; none for a tag that no value has.</param>
internal readonly record struct EntityTags(bool IsGiven, bool IsAny, IReadOnlyList<KvsVersion> Versions)
{
    /// <summary>The tag of a version.</summary>
    /// <param name="version">The version.</param>
    internal static string Of(KvsVersion version) => $"\"{version}\"";

    /// <summary>Reads a header.</summary>
    /// <param name="header">Its values.</param>
    /// <param name="strong">Whether weak tags match nothing, as in If-Match.</param>
    /// <param name="tags">The tags.</param>
    /// <returns>False when it is malformed.</returns>
    internal static bool TryRead(StringValues header, bool strong, out EntityTags tags)
    {
        tags = new EntityTags(header.Count > 0, false, []);
        if (header.Count == 0)
        {
            return true;
        }

        var text = header.ToString().AsSpan().Trim();
        if (text is "*")
        {
            tags = tags with { IsAny = true };
            return true;
        }

        var versions = new List<KvsVersion>();
        while (true)
        {
            var isWeak = text.StartsWith("W/", StringComparison.Ordinal);
            text = isWeak ? text[2..] : text;
            var end = text.Length > 1 && text[0] == '"' ? text[1..].IndexOf('"') : -1;
            if (end < 0)
            {
                return false;
            }

            var isVersion = KvsVersion.TryParse(text[1..(end + 1)], out var version) && !(isWeak && strong);
            versions.Add(isVersion ? version : KvsVersion.None);
            text = text[(end + 2)..].TrimStart();
            if (text.IsEmpty)
            {
                tags = tags with { Versions = versions };
                return true;
            }

            if (text[0] != ',')
            {
                return false;
            }

            text = text[1..].TrimStart();
        }
    }

    /// <summary>Whether a value matches.</summary>
    /// <param name="version">Its version; none when the key is missing.</param>
    internal bool Match(KvsVersion version) => version != KvsVersion.None && (IsAny || Versions.Contains(version));
}
