using Kvs.Core.Operations;
using Kvs.Core.Storage.Manifests;

namespace Kvs.Core.Engines.Members;

/// <summary>How a store is opened as a member of a cluster.</summary>
internal sealed record MemberOptions
{
    /// <summary>The cluster, and who this node is in it. A directory keeps it, and refuses another one.</summary>
    internal required ClusterMembership Membership { get; init; }

    /// <summary>Hears what happens; see <see cref="MemberEvent"/>.</summary>
    internal required Action<MemberEvent> Events { get; init; }

    /// <summary>
    /// Whether this node, leading, can prove at this moment that nobody else leads. Answers that show the state without
    /// having written to it need that: a read, a condition that did not hold. Any thread; without a lock.
    /// </summary>
    internal Func<bool> HoldsLease { get; init; } = static () => true;

    /// <summary>When a write is answered that does not say.</summary>
    internal Acknowledgement Acknowledgement { get; init; } = Acknowledgement.Committed;
}
