using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Replication.Leading;
using Kvs.Core.Replication.Links;

namespace Kvs.Core.Replication;

/// <summary>
/// Who decides: the second half of a node's rules. What differs between a list with an operator and a group with a
/// control plane is who begins an epoch, whose acknowledgements commit, and who dials. Shipping, matching, cutting,
/// beacons and leases are the same for both and lie in <see cref="Leader"/> and <see cref="Following.Follower"/>.
/// </summary>
internal interface IReplicationPolicy
{
    /// <summary>What this node is, as far as the policy decides it; null when it only follows.</summary>
    NodeRole? Role { get; }

    /// <summary>Whether what this node acknowledges as a follower counts, as far as it knows.</summary>
    bool Counts { get; }

    /// <summary>Where clients should go with writes; empty when unknown.</summary>
    string PrimaryHint { get; }

    /// <summary>The node has started.</summary>
    void Start();

    /// <summary>An input that is the policy's: operators, control plane, and the log's steps between roles.</summary>
    /// <param name="input">The input.</param>
    void Handle(NodeInput input);

    /// <summary>A message that is the policy's.</summary>
    /// <param name="link">Its link.</param>
    /// <param name="message">The message.</param>
    void Receive(Link link, ClusterMessage message);

    /// <summary>A link is open.</summary>
    /// <param name="link">The link.</param>
    void Opened(Link link);

    /// <summary>A node that is not attached yet wants to follow this one, which leads.</summary>
    /// <param name="link">Its link.</param>
    /// <param name="hello">What it says.</param>
    /// <returns>The follower, attached; null when it may not.</returns>
    Replica? Admit(Link link, ReplicaHello hello);

    /// <summary>A follower of this node, which leads, says that it stops; its link is closed next.</summary>
    /// <param name="replica">The follower.</param>
    void Stops(Replica replica);

    /// <summary>A link is closed.</summary>
    /// <param name="link">The link.</param>
    void Closed(Link link);

    /// <summary>Dialling a peer failed.</summary>
    /// <param name="peer">The peer.</param>
    void DialFailed(string peer);

    /// <summary>Somebody speaks of an epoch that is higher than this node's.</summary>
    /// <param name="link">The link.</param>
    /// <param name="epoch">The epoch.</param>
    void HigherEpoch(Link link, ulong epoch);

    /// <summary>Newest sequence that is durable on as many nodes as a commit needs.</summary>
    /// <param name="leader">This node as the primary.</param>
    ulong Acknowledged(Leader leader);

    /// <summary>The oldest beacon that a read lease rests on; null when too few were acknowledged.</summary>
    /// <param name="leader">This node as the primary.</param>
    ClockReading? LeaseFrom(Leader leader);

    /// <summary>How many live nodes a write has, and how many it needs.</summary>
    /// <param name="leader">This node as the primary.</param>
    (int Have, int Need) Live(Leader leader);

    /// <summary>Goes on wherever something has become possible; called at the end of each step.</summary>
    void Advance();
}
