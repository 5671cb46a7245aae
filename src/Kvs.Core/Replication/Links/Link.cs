namespace Kvs.Core.Replication.Links;

/// <summary>One connection, as the node sees it. Threading: the node's.</summary>
/// <param name="connection">Its number.</param>
/// <param name="peer">Who was dialled; empty when the connection was accepted.</param>
/// <param name="opened">When it was opened, by the monotonic clock.</param>
internal sealed class Link(long connection, string peer, TimeSpan opened)
{
    /// <summary>Its number.</summary>
    internal long Connection { get; } = connection;

    /// <summary>Whether this node dialled.</summary>
    internal bool Dialled { get; } = peer.Length > 0;

    /// <summary>Who is on the other side; empty until it has said so.</summary>
    internal string Peer { get; set; } = peer;

    /// <summary>When something was last received, by the monotonic clock.</summary>
    internal TimeSpan HeardAt { get; set; } = opened;

    /// <summary>False once it is closed; a closed link is kept by nobody.</summary>
    internal bool IsOpen { get; set; } = true;
}
