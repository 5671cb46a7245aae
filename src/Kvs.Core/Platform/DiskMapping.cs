using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Kvs.Core.Primitives;
using Microsoft.Win32.SafeHandles;

namespace Kvs.Core.Platform;

/// <summary>
/// A read-only shared mapping of a file. It outlives the handle that it was made from and, on Unix, the file's name.
/// Ownership: who mapped it disposes it once no reader can hold the pointer; reading after that ends the process.
/// </summary>
internal sealed unsafe partial class DiskMapping : IFileMapping
{
    /// <summary>Pages that are asked for at once; a longer range counts as not in memory.</summary>
    private const int PagesAskedMax = 64;

    private const byte InMemoryBit = 1;

    private static readonly nuint s_pageBytes = (nuint)Environment.SystemPageSize;

    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private byte* _pointer;

    /// <summary>Maps a file at its present length; an empty one gives an empty mapping.</summary>
    /// <param name="handle">The file. Ownership: stays the caller's.</param>
    internal DiskMapping(SafeFileHandle handle)
    {
        Length = RandomAccess.GetLength(handle);
        if (Length == 0)
        {
            return;
        }

        _file = MemoryMappedFile.CreateFromFile(
            handle, mapName: null, Length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        try
        {
            _view = _file.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _pointer);
            _pointer += _view.PointerOffset;
        }
        catch
        {
            _view?.Dispose();
            _file.Dispose();
            throw;
        }

        // Safe: the view covers [_pointer, _pointer + Length), stays mapped while the pointer is acquired, and files
        // are never truncated while mapped, so each of its pages has a file page behind it.
        Check.That(_pointer != null);
    }

    /// <inheritdoc/>
    public byte* Pointer => _pointer;

    /// <inheritdoc/>
    public long Length { get; }

    /// <inheritdoc/>
    public bool IsInMemory(long offset, int length)
    {
        Check.That(offset >= 0 && length >= 0 && offset <= Length - length);
        if (!OperatingSystem.IsLinux() || length == 0)
        {
            return true;
        }

        var start = (nuint)_pointer + (nuint)offset;
        var inPage = start % s_pageBytes;
        var bytes = inPage + (nuint)length;
        var pages = (int)((bytes + s_pageBytes - 1) / s_pageBytes);

        // Safe: the kernel writes one byte for each page of the range, which are no more than there is room for, and
        // touches none of the pages, which are mapped.
        var states = stackalloc byte[PagesAskedMax];
        return pages <= PagesAskedMax
            && MemoryInCore((byte*)(start - inPage), bytes, states) == 0
            && AreInMemory(new ReadOnlySpan<byte>(states, pages));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_pointer == null)
        {
            return;
        }

        _pointer = null;
        _view!.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file!.Dispose();
    }

    /// <summary>The other bits mean nothing yet.</summary>
    private static bool AreInMemory(ReadOnlySpan<byte> states)
    {
        foreach (var state in states)
        {
            if ((state & InMemoryBit) == 0)
            {
                return false;
            }
        }

        return true;
    }

    [LibraryImport("libc", EntryPoint = "mincore")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int MemoryInCore(byte* start, nuint length, byte* states);
}
