namespace Kvs.Core.Platform;

/// <summary>
/// An open file. Ownership: who opened it disposes it. Threading: reads and writes of disjoint ranges may run at once;
/// one sync at a time.
/// </summary>
internal interface IFile : IDisposable
{
    /// <summary>The full path under which it was opened.</summary>
    string Path { get; }

    /// <summary>Length in bytes.</summary>
    long Length { get; }

    /// <summary>Reads at a position.</summary>
    /// <param name="offset">Bytes from the start.</param>
    /// <param name="target">Filled as far as the file reaches.</param>
    /// <returns>Bytes read; fewer than asked only at the end of the file.</returns>
    int Read(long offset, Span<byte> target);

    /// <summary>Writes all bytes at a position. On failure any part of them may have been written.</summary>
    /// <param name="offset">Bytes from the start.</param>
    /// <param name="source">The bytes.</param>
    void Write(long offset, ReadOnlySpan<byte> source);

    /// <summary>Cuts or extends (with zeros, sparse). Never on a mapped file.</summary>
    /// <param name="length">New length in bytes.</param>
    void SetLength(long length);

    /// <summary>Returns when all that was written before the call is on stable storage (fdatasync).</summary>
    void SyncData();

    /// <summary>
    /// Maps the file, at its present length, for reading. The mapping sees later writes to that range. The file may be
    /// unlinked while it is mapped (not on Windows), never truncated.
    /// </summary>
    IFileMapping Map();
}
