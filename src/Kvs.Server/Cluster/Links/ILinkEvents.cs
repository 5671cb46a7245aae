namespace Kvs.Server.Cluster.Links;

/// <summary>
/// Who is told what happens on links. Of one link, events come one at a time and in order: Connected first,
/// Disconnected last. Threading: called on threads of sockets and of the pool, also at once for different links: each
/// only notes what it is told.
/// </summary>
internal interface ILinkEvents
{
    /// <summary>The newest epoch that this node has promised, for a goodbye that a link sends by itself. Any thread.</summary>
    ulong Epoch { get; }

    /// <summary>A link is open.</summary>
    /// <param name="link">The link.</param>
    /// <param name="peer">Who was dialled; null when the other side has dialled.</param>
    void Connected(ClusterLink link, string? peer);

    /// <summary>Dialling came to nothing.</summary>
    /// <param name="peer">Who was dialled.</param>
    /// <param name="reason">For people.</param>
    void DialFailed(string peer, string reason);

    /// <summary>A message came in.</summary>
    /// <param name="link">On which link.</param>
    /// <param name="message">The message. Ownership: the receiver's, who releases it exactly once, at whatever time.</param>
    void Received(ClusterLink link, LinkMessage message);

    /// <summary>A link has ended, and not by <see cref="ClusterLink.Close"/>: nothing comes of it any more.</summary>
    /// <param name="link">The link.</param>
    /// <param name="reason">For people.</param>
    void Disconnected(ClusterLink link, string reason);
}
