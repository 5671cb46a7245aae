namespace Kvs.Core.Platform;

/// <summary>
/// A read-only view of a file in memory. Ownership: who mapped it disposes it, when no reader can hold it.
/// </summary>
internal unsafe interface IFileMapping : IDisposable
{
    /// <summary>First byte.</summary>
    byte* Pointer { get; }

    /// <summary>Length in bytes.</summary>
    long Length { get; }

    /// <summary>
    /// Whether reading a range now waits for no disk. Asks without waiting itself; "no" also when that is not known for
    /// sure, "yes" on systems that cannot be asked. What is in memory now may be gone a moment later: rarely.
    /// </summary>
    /// <param name="offset">First byte, within the mapping.</param>
    /// <param name="length">Bytes, within the mapping.</param>
    bool IsInMemory(long offset, int length);
}
