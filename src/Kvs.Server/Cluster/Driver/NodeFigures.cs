using System.Collections.Immutable;
using Kvs.Core.Primitives;
using Kvs.Core.Replication;
using Kvs.Core.Replication.Leading;

namespace Kvs.Server.Cluster.Driver;

/// <summary>Figures about a node, for people. Immutable.</summary>
/// <param name="Durable">Newest version on its disk.</param>
/// <param name="Have">Of a primary: live nodes that count, itself included.</param>
/// <param name="Need">Of a primary: how many a write needs.</param>
/// <param name="Followers">Of a primary: who follows.</param>
/// <param name="Diverged">Of a primary: nodes whose data is not the group's.</param>
internal sealed record NodeFigures(
    KvsVersion Durable, int Have, int Need, ImmutableArray<FollowerFigures> Followers, ImmutableArray<string> Diverged)
{
    /// <summary>Before the first tick.</summary>
    internal static NodeFigures None { get; } = new(KvsVersion.None, 0, 0, [], []);

    /// <summary>Reads them. The driver's loop only.</summary>
    /// <param name="node">The node.</param>
    /// <param name="admission">Whether writes are taken.</param>
    /// <param name="durable">Newest version on its disk.</param>
    /// <param name="lags">How far behind others are in time: it notes how far this node is now.</param>
    /// <param name="now">The time.</param>
    internal static NodeFigures Of(
        Node node, in WriteAdmission admission, KvsVersion durable, LagClock lags, TimeSpan now)
    {
        lags.Note(now, durable.Sequence);
        var followers = node.Replicas.Select(replica => new FollowerFigures(
            replica.Link.Peer, replica.Phase, replica.Counts, replica.Durable, replica.Applied, replica.InFlightBytes)
        {
            Lag = lags.LagOf(now, replica.Durable),
        });
        return new NodeFigures(durable, admission.Have, admission.Need, [.. followers], [.. node.Diverged]);
    }
}

/// <summary>A follower, as its primary sees it.</summary>
/// <param name="Node">Who.</param>
/// <param name="Phase">How far it has come.</param>
/// <param name="Counts">Whether its acknowledgements count.</param>
/// <param name="Durable">Newest sequence on its disk.</param>
/// <param name="Applied">Newest sequence that its readers see.</param>
/// <param name="InFlightBytes">Bytes that it has not acknowledged.</param>
internal sealed record FollowerFigures(
    string Node, ReplicaPhase Phase, bool Counts, ulong Durable, ulong Applied, long InFlightBytes)
{
    /// <summary>It lacks what the primary had so long ago; zero for less than a second.</summary>
    internal TimeSpan Lag { get; init; }

    /// <summary>Whether it takes frames.</summary>
    internal bool IsStreaming => Phase == ReplicaPhase.Streaming;

    /// <summary>In a word or two.</summary>
    internal string State => Phase switch
    {
        ReplicaPhase.Streaming => Counts ? "following" : "catching up",
        ReplicaPhase.Copying => "taking a copy",
        _ => "joining",
    };
}
