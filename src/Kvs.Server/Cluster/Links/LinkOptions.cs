using Kvs.Core.Protocol.Cluster;

namespace Kvs.Server.Cluster.Links;

/// <summary>Limits of links between nodes.</summary>
internal sealed record LinkOptions
{
    /// <summary>Bytes of a receive block; frames that are longer get one of their own.</summary>
    internal int BlockBytes { get; init; } = 256 * 1024;

    /// <summary>
    /// Bytes of one link's messages that were handed out and not released. Beyond it the link receives no more, except
    /// that one larger message is handed out alone. Larger than a follower's window, so that acknowledgements hold the
    /// sender back before this does.
    /// </summary>
    internal long HandedOutBytesMax { get; init; } = 64L * 1024 * 1024;

    /// <summary>
    /// Bytes that wait to be sent on one link. Beyond it the link ends: its peer takes nothing. One larger message may
    /// wait alone.
    /// </summary>
    internal long QueuedBytesMax { get; init; } = LinkLayout.AppendBytesMax + (64L * 1024 * 1024);

    /// <summary>Links that others have dialled; one more is closed at once.</summary>
    internal int AcceptedMax { get; init; } = 64;

    /// <summary>Longest wait for a connection.</summary>
    internal TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait for the other side to prove that it is of the cluster.</summary>
    internal TimeSpan GreetingTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Longest time from a close until the connection is gone: for the peer to take what is queued, and to close.
    /// </summary>
    internal TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The same when the node stops: others wait for that.</summary>
    internal TimeSpan StopTimeout { get; init; } = TimeSpan.FromMilliseconds(500);
}
