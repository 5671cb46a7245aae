using Microsoft.Extensions.Logging;

namespace Kvs.Server.Doors.Web;

/// <summary>What the web door says in the log.</summary>
/// <param name="logger">The log.</param>
internal sealed partial class WebLog(ILogger logger)
{
    [LoggerMessage(1501, LogLevel.Information, "{Name} listening on {Address} (port {Port})")]
    internal partial void Listening(string name, string address, int port);

    [LoggerMessage(1502, LogLevel.Warning, "{Name}: refused {Remote}: as many connections as allowed (connections-max)")]
    internal partial void TooManyConnections(string name, string remote);

    [LoggerMessage(1503, LogLevel.Warning, "stopping: requests of the web door were not finished within {Limit}")]
    internal partial void DrainTimedOut(TimeSpan limit);

    [LoggerMessage(1504, LogLevel.Error, "{Name}: a request failed by a bug of ours")]
    internal partial void Unforeseen(string name, Exception failure);
}
