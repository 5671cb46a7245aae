using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kvs.Core.Platform;

namespace Kvs.TestKit.Device;

/// <summary>
/// A mapping over pinned memory of its own, into which the device copies later writes. When it is closed its memory is
/// filled with a pattern and kept as long as the device: a reader that comes too late finds rubbish that no checksum
/// accepts, instead of ending the test process. Threading: reads any thread; the rest by the device's gate.
/// </summary>
internal sealed unsafe class SimulatedMapping : IFileMapping
{
    private const byte Poison = 0xDD;

    private readonly SimulatedFileSystem _device;
    private readonly Inode _inode;
    private readonly byte[] _memory;
    private bool _closed;

    internal SimulatedMapping(SimulatedFileSystem device, Inode inode, string path)
    {
        (_device, _inode, Path) = (device, inode, path);
        Length = inode.Cached.Length;
        _memory = GC.AllocateArray<byte>(checked((int)Math.Max(1, Length)), pinned: true);
        inode.Cached.CopyTo(_memory);
    }

    /// <inheritdoc/>
    public byte* Pointer
    {
        get
        {
            if (_closed)
            {
                throw _device.Misused($"the mapping of '{Path}' was used after it was closed");
            }

            _device.OnPageFault?.Invoke(Path);

            // Safe: the array is pinned and the device keeps it, closed or not.
            return (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_memory));
        }
    }

    /// <inheritdoc/>
    public long Length { get; }

    /// <inheritdoc/>
    public bool IsInMemory(long offset, int length) => _device.OnPageFault is null;

    /// <summary>The path under which its file was opened.</summary>
    internal string Path { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_closed)
        {
            _closed = true;
            _device.Unmap(this, _inode);
        }
    }

    /// <summary>Copies a later write to the file, as far as it lies in the mapped range.</summary>
    /// <param name="offset">Bytes from the start.</param>
    /// <param name="source">The bytes.</param>
    internal void See(long offset, ReadOnlySpan<byte> source)
    {
        if (offset < Length)
        {
            var count = (int)Math.Min(source.Length, Length - offset);
            source[..count].CopyTo(_memory.AsSpan((int)offset));
        }
    }

    /// <summary>Fills the memory with a pattern.</summary>
    internal void Spoil() => _memory.AsSpan().Fill(Poison);
}
