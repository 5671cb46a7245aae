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
}
