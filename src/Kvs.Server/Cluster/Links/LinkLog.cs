using Microsoft.Extensions.Logging;

namespace Kvs.Server.Cluster.Links;

/// <summary>What links say in the log. Lines that any stranger can cause are debug lines.</summary>
/// <param name="logger">The log.</param>
internal sealed partial class LinkLog(ILogger logger)
{
    [LoggerMessage(3001, LogLevel.Debug, "The link with {Peer} has ended: {Reason}")]
    internal partial void Ended(string peer, string reason);

    [LoggerMessage(3002, LogLevel.Debug, "{Peer} refused: {Links} other nodes have dialled, as many as allowed.")]
    internal partial void TooManyLinks(string peer, int links);

    [LoggerMessage(3003, LogLevel.Error, "The link with {Peer} ended by a bug of the server.")]
    internal partial void Failed(Exception bug, string peer);
}
