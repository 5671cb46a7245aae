using Kvs.Core.Platform;

namespace Kvs.Core.Storage.Hints;

/// <summary>A hint file that is on no disk: written once, then read. Threading: one thread.</summary>
/// <param name="name">The name that it would have.</param>
internal sealed class MemoryFile(string name) : IFile
{
    private readonly MemoryStream _content = new();

    /// <inheritdoc/>
    public string Path => name;

    /// <inheritdoc/>
    public long Length => _content.Length;

    /// <inheritdoc/>
    public int Read(long offset, Span<byte> target)
    {
        _content.Position = offset;
        return _content.ReadAtLeast(target, target.Length, throwOnEndOfStream: false);
    }

    /// <inheritdoc/>
    public void Write(long offset, ReadOnlySpan<byte> source)
    {
        _content.Position = offset;
        _content.Write(source);
    }

    /// <inheritdoc/>
    public void SetLength(long length) => _content.SetLength(length);

    /// <inheritdoc/>
    public void SyncData()
    {
    }

    /// <inheritdoc/>
    public IFileMapping Map() => throw new NotSupportedException("Hint files are read, not mapped.");

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
