using System.Collections.Concurrent;
using Kvs.Server.Access;
using Microsoft.Extensions.Logging;

namespace Kvs.Server.Cluster.Links;

/// <summary>What links say in the log. Lines that any stranger can cause are debug lines.</summary>
/// <param name="logger">The log.</param>
/// <param name="time">The clock.</param>
internal sealed partial class LinkLog(ILogger logger, TimeProvider time)
{
    private readonly LogQuota _quota = new(time);
    private readonly ConcurrentDictionary<string, string> _notReached = new(StringComparer.Ordinal); // by node, and why

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

    /// <summary>Dialling another node came to nothing: said once, until that changes, for it is tried again and again.</summary>
    /// <param name="peer">The node.</param>
    /// <param name="why">Why.</param>
    internal void NotReached(string peer, string why)
    {
        var before = "";
        _notReached.AddOrUpdate(peer, why, (_, last) =>
        {
            before = last;
            return why;
        });
        if (before != why)
        {
            DialFailed(peer, why);
        }
    }

    /// <summary>There is a link with another node.</summary>
    /// <param name="peer">The node, when it was dialled.</param>
    internal void Reached(string? peer)
    {
        if (peer is not null)
        {
            _notReached.TryRemove(peer, out _);
        }
    }

    [LoggerMessage(3011, LogLevel.Warning, "{Peer} cannot be reached: {Why}")]
    private partial void DialFailed(string peer, string why);

    [LoggerMessage(3010, LogLevel.Warning, "no link with {Peer}: {Why}")]
    private partial void Refused(string peer, string why);

    [LoggerMessage(3001, LogLevel.Debug, "The link with {Peer} has ended: {Reason}")]
    internal partial void Ended(string peer, string reason);

    [LoggerMessage(3002, LogLevel.Debug, "{Peer} refused: {Links} other nodes have dialled, as many as allowed.")]
    internal partial void TooManyLinks(string peer, int links);

    [LoggerMessage(3003, LogLevel.Error, "The link with {Peer} ended by a bug of the server.")]
    internal partial void Failed(Exception bug, string peer);
}
