using System.Runtime.InteropServices;

namespace Kvs.Core.Index.Pages;

/// <summary>
/// Memory outside the managed heap that the processor may map by large pages. A look-up reads a few lines of pages that lie
/// anywhere in the index; with small pages each of them also costs a walk through the page table, twice as deep in a virtual
/// machine (docs/decisions/0025-large-pages.md).
/// </summary>
/// <remarks>Unsafe code, proof: only memory is named that was allocated here and not yet freed.</remarks>
internal static unsafe partial class LargePages
{
    /// <summary>Bytes of a large page of x64 and arm64, and what a block is aligned to.</summary>
    internal const int Bytes = 2 * 1024 * 1024;

    private const int AdviseHugePage = 14; // MADV_HUGEPAGE

    /// <summary>Takes a block of <see cref="Bytes"/>, its content undefined.</summary>
    /// <returns>Its start. Ownership: the caller's, until <see cref="Free"/>.</returns>
    internal static nint Allocate()
    {
        var block = NativeMemory.AlignedAlloc(Bytes, Bytes);
        if (OperatingSystem.IsLinux())
        {
            // A wish: a kernel without large pages, or without a free one now, gives small ones.
            _ = Advise(block, Bytes, AdviseHugePage);
        }

        return (nint)block;
    }

    /// <summary>Gives a block back.</summary>
    /// <param name="block">From <see cref="Allocate"/>; nobody may use it any more.</param>
    internal static void Free(nint block) => NativeMemory.AlignedFree((void*)block);

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Advise(void* start, nuint length, int advice);
}
