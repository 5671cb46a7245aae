using System.Reflection;
using System.Security.Cryptography;

namespace Kvs.Server.Doors.Pages;

/// <summary>One file of the dashboard. Immutable.</summary>
/// <param name="Bytes">Its bytes.</param>
/// <param name="ContentType">Its content type.</param>
/// <param name="Tag">Its entity tag, with quotes.</param>
internal sealed record SiteFile(ReadOnlyMemory<byte> Bytes, string ContentType, string Tag);

/// <summary>
/// The files of the dashboard, which lie in the program: what is not in this list cannot be asked for. Read at the first use.
/// Threading: any thread.
/// </summary>
internal static class SiteFiles
{
    /// <summary>The file that stands for the folder.</summary>
    internal const string First = "index.html";

    private const string Prefix = "site/";

    private static readonly Lazy<IReadOnlyDictionary<string, SiteFile>> _all = new(Load);

    /// <summary>Finds a file.</summary>
    /// <param name="name">Its name; empty for the first one.</param>
    /// <returns>The file, or null.</returns>
    internal static SiteFile? Find(string name) => _all.Value.GetValueOrDefault(name.Length == 0 ? First : name);

    private static Dictionary<string, SiteFile> Load()
    {
        var assembly = typeof(SiteFiles).Assembly;
        return assembly.GetManifestResourceNames()
            .Where(static name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .ToDictionary(static name => name[Prefix.Length..], name => Read(assembly, name), StringComparer.Ordinal);
    }

    private static SiteFile Read(Assembly assembly, string name)
    {
        using var resource = assembly.GetManifestResourceStream(name)!;
        var bytes = new byte[resource.Length];
        resource.ReadExactly(bytes);
        var tag = Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 8));
        return new SiteFile(bytes, TypeOf(name), $"\"{tag}\"");
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => "application/octet-stream",
    };
}
