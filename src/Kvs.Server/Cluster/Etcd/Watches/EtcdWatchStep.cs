namespace Kvs.Server.Cluster.Etcd.Watches;

/// <summary>What a watch tells next: changes in the order of their revisions, or that they can no longer be told.</summary>
/// <param name="Events">The changes.</param>
/// <param name="CompactedAt">
/// 0; or the revision up to which etcd has forgotten its history, which includes the one that the watch had come to:
/// changes may be missing, so read the keys with a Range and watch anew from its revision.
/// </param>
internal readonly record struct EtcdWatchStep(IReadOnlyList<EtcdEvent> Events, long CompactedAt)
{
    /// <summary>Whether changes may be missing.</summary>
    internal bool IsCompacted => CompactedAt > 0;
}
