using Microsoft.Win32.SafeHandles;

namespace Kvs.Core.Platform;

/// <summary>An open file of this machine: positioned reads and writes, no buffer of its own.</summary>
internal sealed class DiskFile : IFile
{
    private readonly SafeFileHandle _handle;

    /// <summary>Wraps an open handle.</summary>
    /// <param name="path">Its full path.</param>
    /// <param name="handle">The handle. Ownership: this file's from now on.</param>
    internal DiskFile(string path, SafeFileHandle handle)
    {
        Path = path;
        _handle = handle;
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public long Length => RandomAccess.GetLength(_handle);

    /// <inheritdoc/>
    public int Read(long offset, Span<byte> target)
    {
        // One call may give less than asked for (a signal, a network file system); only 0 means the end.
        var done = 0;
        while (done < target.Length)
        {
            var read = RandomAccess.Read(_handle, target[done..], offset + done);
            if (read == 0)
            {
                break;
            }

            done += read;
        }

        return done;
    }

    /// <inheritdoc/>
    public void Write(long offset, ReadOnlySpan<byte> source) => RandomAccess.Write(_handle, source, offset);

    /// <inheritdoc/>
    public void SetLength(long length) => RandomAccess.SetLength(_handle, length);

    /// <inheritdoc/>
    public void SyncData() => DiskSync.Data(_handle, Path);

    /// <inheritdoc/>
    public IFileMapping Map() => new DiskMapping(_handle);

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();
}
