using System.IO.MemoryMappedFiles;
using Kvs.Core.Primitives;
using Microsoft.Win32.SafeHandles;

namespace Kvs.Core.Platform;

/// <summary>
/// A read-only shared mapping of a file. It outlives the handle that it was made from and, on Unix, the file's name.
/// Ownership: who mapped it disposes it once no reader can hold the pointer; reading after that ends the process.
/// </summary>
internal sealed unsafe class DiskMapping : IFileMapping
{
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
}
