using Kvs.Core.Platform;

namespace Kvs.TestKit.Device;

/// <summary>An open file of a simulated device. The work is the device's; this is the handle to be closed.</summary>
internal sealed class SimulatedFile : IFile
{
    private readonly SimulatedFileSystem _device;
    private readonly Inode _inode;
    private readonly bool _writable;
    private bool _closed;

    internal SimulatedFile(SimulatedFileSystem device, Inode inode, string path, bool writable)
    {
        (_device, _inode, Path, _writable) = (device, inode, path, writable);
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public long Length => _device.LengthOf(Usable());

    /// <inheritdoc/>
    public int Read(long offset, Span<byte> target) => _device.Read(Usable(), Path, offset, target);

    /// <inheritdoc/>
    public void Write(long offset, ReadOnlySpan<byte> source) => _device.Write(Writable(), Path, offset, source);

    /// <inheritdoc/>
    public void SetLength(long length) => _device.SetLength(Writable(), Path, length);

    /// <inheritdoc/>
    public void SyncData() => _device.SyncData(Usable(), Path);

    /// <inheritdoc/>
    public IFileMapping Map() => _device.Map(Usable(), Path);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_closed)
        {
            _closed = true;
            _device.Close(this, _inode);
        }
    }

    private Inode Usable() =>
        _closed ? throw _device.Misused($"'{Path}' was used after it was closed") : _inode;

    private Inode Writable() =>
        _writable ? Usable() : throw _device.Misused($"'{Path}' is open for reading only and was written");
}
