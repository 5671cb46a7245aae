using System.Globalization;
using System.Text;
using Kvs.Core.Platform;

namespace Kvs.Server.Hosting;

/// <summary>
/// How many files and sockets the process may have open, as Linux says; the runtime has raised it to the hard limit by then.
/// A door that meets it cannot take connections, however many it may have by its own limit.
/// </summary>
internal static class DescriptorLimit
{
    /// <summary>Files of the store, pipes and the like: what a server needs beside a descriptor for each connection.</summary>
    internal const int BesideConnections = 512;

    private const string Path = "/proc/self/limits";
    private const string Name = "Max open files";

    /// <summary>Reads it.</summary>
    /// <param name="files">Files.</param>
    /// <returns>The limit; null where the system does not say.</returns>
    internal static long? Read(IFileSystem files)
    {
        if (!files.FileExists(Path))
        {
            return null;
        }

        using var file = files.Open(Path, writable: false);
        var text = new byte[4096];
        return Parse(Encoding.ASCII.GetString(text, 0, file.Read(0, text)));
    }

    /// <summary>Finds the limit in what the system says.</summary>
    /// <param name="text">Lines of a name, the soft limit, the hard limit and a unit.</param>
    /// <returns>The soft limit; null when there is none.</returns>
    internal static long? Parse(string text)
    {
        var line = text.Split('\n').FirstOrDefault(static line => line.StartsWith(Name, StringComparison.Ordinal));
        var soft = line?[Name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
        return long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit : null;
    }
}
