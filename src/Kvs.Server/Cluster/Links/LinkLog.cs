using Kvs.Server.Access;
using Microsoft.Extensions.Logging;

namespace Kvs.Server.Cluster.Links;

/// <summary>What links say in the log. Lines that any stranger can cause are debug lines.</summary>
/// <param name="logger">The log.</param>
/// <param name="time">The clock.</param>
internal sealed partial class LinkLog(ILogger logger, TimeProvider time)
{
    private readonly LogQuota _quota = new(time);

    /// <summary>The other side is not let in, or does not let this one in.</summary>
    /// <param name="peer">The other side.</param>
    /// <param name="why">Why, and what to do.</param>
    internal void Refuse(string peer, string why)
    {
        if (_quota.TryTake(out _))
        {
            Refused(peer, why);
        }
    }

    /// <summary>The other side asks for the cluster's secret, which this node has not shown.</summary>
    /// <param name="peer">The other side.</param>
    internal void RefusesUs(string peer) =>
        Refuse(peer, "it asks for the cluster's secret, and this node has none: give all nodes the same --cluster-secret-file");

    [LoggerMessage(3010, LogLevel.Warning, "no link with {Peer}: {Why}")]
    private partial void Refused(string peer, string why);

    [LoggerMessage(3001, LogLevel.Debug, "The link with {Peer} has ended: {Reason}")]
    internal partial void Ended(string peer, string reason);

    [LoggerMessage(3002, LogLevel.Debug, "{Peer} refused: {Links} other nodes have dialled, as many as allowed.")]
    internal partial void TooManyLinks(string peer, int links);

    [LoggerMessage(3003, LogLevel.Error, "The link with {Peer} ended by a bug of the server.")]
    internal partial void Failed(Exception bug, string peer);
}
