using System.Globalization;

namespace Kvs.Server.Hosting;

/// <summary>
/// The memory that the process has, as the runtime found it at its start, and the limit of the runtime's own part of it.
/// Threading: used once, at the start.
/// </summary>
internal sealed class ProcessMemory
{
    private const string HeapLimit = "GCHeapHardLimit";

    /// <summary>
    /// Bytes that the process may have because of its container (a control group, or a job of Windows); null for none. The
    /// runtime gives its heap three quarters of a container's memory. The kernel counts the buffers of sockets and the cache of
    /// files there too: an eighth is left to it.
    /// </summary>
    internal static long? OfContainer()
    {
        var limit = GC.GetConfigurationVariables().TryGetValue(HeapLimit, out var value)
            ? Convert.ToInt64(value, CultureInfo.InvariantCulture)
            : 0;
        return limit > 0 ? limit / 3 * 4 / 8 * 7 : null;
    }

    /// <summary>Bytes of the machine.</summary>
    internal static long OfMachine() => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>
    /// Bounds the runtime's heap. It collects harder as it comes near, and refuses an allocation beyond it rather than have
    /// the process killed.
    /// </summary>
    /// <param name="bytes">The bound.</param>
    /// <returns>False when the heap is larger already.</returns>
    internal static bool TryLimitHeap(long bytes)
    {
        AppContext.SetData(HeapLimit, (ulong)bytes);
        try
        {
            GC.RefreshMemoryLimit();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
