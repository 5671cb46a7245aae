using Microsoft.Extensions.Logging;

namespace Kvs.Server.Doors.Web;

/// <summary>What the web door says in the log. Lines that any client can cause are debug lines, so that none can fill a disk.</summary>
/// <param name="logger">The log.</param>
internal sealed partial class WebLog(ILogger logger)
{
    [LoggerMessage(1501, LogLevel.Information, "{Name} listening on {Address} (port {Port})")]
    internal partial void Listening(string name, string address, int port);

    [LoggerMessage(1502, LogLevel.Debug, "{Name}: refused {Remote}: as many connections as allowed (connections-max)")]
    internal partial void TooManyConnections(string name, string remote);

    [LoggerMessage(1503, LogLevel.Warning, "stopping: requests of the web door were not finished within {Limit}")]
    internal partial void DrainTimedOut(TimeSpan limit);

    [LoggerMessage(1504, LogLevel.Error, "{Name}: a request failed by a bug of ours")]
    internal partial void Unforeseen(string name, Exception failure);

    [LoggerMessage(1505, LogLevel.Debug, "{Name}: {Peer} ended, and nothing of what it had sent was a request")]
    internal partial void NeverAsked(string name, string peer);

    [LoggerMessage(1506, LogLevel.Debug, "{Name}: {Peer} has not come in within {Limit}; closing")]
    internal partial void StrangerLeaves(string name, string peer, TimeSpan limit);
}
