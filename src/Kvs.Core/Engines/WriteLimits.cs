using Kvs.Core.Primitives;

namespace Kvs.Core.Engines;

/// <summary>The configurable limits of a request; what lies beyond is refused by <see cref="RequestAdmission"/>.</summary>
/// <param name="ValueBytesMax">Longest value in bytes.</param>
/// <param name="BatchBytesMax">Most bytes of keys and values in one batch.</param>
internal readonly record struct WriteLimits(int ValueBytesMax, int BatchBytesMax)
{
    /// <summary>
    /// Memory that an engine without files may have for keys and values: beyond it only requests that do nothing but remove are
    /// taken. 0 for no bound.
    /// </summary>
    internal long MemoryBytesMax { get; init; }

    /// <summary>Those of <see cref="Limits"/>.</summary>
    internal static WriteLimits Default => new(Limits.ValueBytesMax, Limits.BatchBytesMax);
}
