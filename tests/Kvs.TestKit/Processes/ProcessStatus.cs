using System.Globalization;

namespace Kvs.TestKit.Processes;

/// <summary>What Linux says of a process in /proc.</summary>
internal static class ProcessStatus
{
    /// <summary>
    /// Memory that is the process's alone and can only go with it: no file on a disk stands behind it. The runtime maps its
    /// code as shared memory.
    /// </summary>
    /// <param name="id">The process.</param>
    /// <returns>Bytes.</returns>
    internal static long AnonymousBytes(int id) => (FieldOf(id, "RssAnon:") + FieldOf(id, "RssShmem:")) * 1024;

    private static long FieldOf(int id, string name)
    {
        var line = File.ReadLines($"/proc/{id}/status").First(line => line.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
