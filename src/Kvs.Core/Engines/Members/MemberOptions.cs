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

    /// <summary>When a write is answered that does not say.</summary>
    internal Acknowledgement Acknowledgement { get; init; } = Acknowledgement.Committed;
}
