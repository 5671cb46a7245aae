using Kvs.Core.Platform;
using Kvs.Core.Primitives;

namespace Kvs.Core.Buffers;

/// <summary>
/// A mapped file as spans: the one place that turns a mapping's pointer into something with bounds.
/// Threading: any thread may read; <see cref="Dispose"/> only when no reader can hold a span, which the owner's protocol
/// of pins and leases decides. Ownership: owns the mapping.
/// </summary>
internal sealed class MappedBytes : IDisposable
{
    private readonly IFileMapping _mapping;

    /// <summary>Takes the mapping over.</summary>
    /// <param name="mapping">The mapping.</param>
    internal MappedBytes(IFileMapping mapping)
    {
        _mapping = mapping;
        Length = mapping.Length;
    }

    /// <summary>Length in bytes; does not change.</summary>
    internal long Length { get; }

    /// <summary>A view of a range. It sees what is written to the file later.</summary>
    /// <param name="offset">First byte.</param>
    /// <param name="length">Bytes.</param>
    /// <returns>The range; valid until <see cref="Dispose"/>.</returns>
    internal unsafe ReadOnlySpan<byte> Slice(long offset, int length)
    {
        Check.That(offset >= 0 && length >= 0 && offset <= Length - length);

        // Safe: the range lies within the mapping (checked above; Length - length cannot overflow), and the mapping
        // outlives the span by this type's threading rule.
        return new ReadOnlySpan<byte>(_mapping.Pointer + offset, length);
    }

    /// <summary>Whether reading a range now waits for no disk; see <see cref="IFileMapping.IsInMemory"/>.</summary>
    /// <param name="offset">First byte.</param>
    /// <param name="length">Bytes.</param>
    internal bool IsInMemory(long offset, int length)
    {
        Check.That(offset >= 0 && length >= 0 && offset <= Length - length);
        return _mapping.IsInMemory(offset, length);
    }

    /// <summary>Unmaps. Spans taken before are invalid from here on.</summary>
    public void Dispose() => _mapping.Dispose();
}
