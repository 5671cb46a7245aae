using System.Numerics;
using Kvs.Core.Primitives;

namespace Kvs.Core.Index;

/// <summary>Sizes and switches of a <see cref="KeyIndex"/>; the defaults are measured (docs/decisions/0003).</summary>
internal sealed record KeyIndexOptions
{
    /// <summary>Bytes of a page: a power of two from 512 to 32768. Small ones make deep trees in tests.</summary>
    internal int PageBytes { get; init; } = 2048;

    /// <summary>How full bulk-loaded pages are, so that the first inserts do not split them all.</summary>
    internal int LoadPercent { get; init; } = 88;

    /// <summary>
    /// Point reads that can be pinned at once, a power of two. One more falls back to a counted lease: still no
    /// waiting, only a shared counter instead of a line of its own.
    /// </summary>
    internal int PinSlots { get; init; } = 128;

    /// <summary>Check mode: freed pages are poisoned, and verified when they are taken again.</summary>
    internal bool CheckPages { get; init; }

    /// <summary>
    /// A deliberate fault for tests, 0 in the product: pages are reused as if they had been replaced this many groups
    /// earlier. It shows that the checks catch a page that is reused too early.
    /// </summary>
    internal uint ReclaimEarlyGroups { get; init; }

    /// <summary>Asserts that the sizes make sense.</summary>
    internal void Validate()
    {
        Check.That(PageBytes is >= 512 and <= 32768 && BitOperations.IsPow2(PageBytes));
        Check.That(PinSlots >= 1 && BitOperations.IsPow2(PinSlots));
        Check.That(LoadPercent is >= 50 and <= 100);
    }
}
