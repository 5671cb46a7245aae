namespace Kvs.Core.Index.Pages;

/// <summary>A page and what is known of the tree from it downwards: the augmentation.</summary>
/// <param name="PageId">The page.</param>
/// <param name="Count">Keys in it and below it, expired ones included.</param>
/// <param name="EarliestExpiryMillis">Earliest expiry from it downwards; or <see cref="NoExpiry"/>.</param>
internal readonly record struct Subtree(uint PageId, long Count, long EarliestExpiryMillis)
{
    /// <summary>Stands for "nothing expires": later than any expiry.</summary>
    internal const long NoExpiry = long.MaxValue;
}
