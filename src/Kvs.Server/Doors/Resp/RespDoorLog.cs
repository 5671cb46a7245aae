using Microsoft.Extensions.Logging;

namespace Kvs.Server.Doors.Resp;

/// <summary>What the Redis door says in the log besides what all doors say.</summary>
/// <param name="logger">The log.</param>
internal sealed partial class RespDoorLog(ILogger logger)
{
    [LoggerMessage(2101, LogLevel.Information, "resp listening on {Address} (port {Port})")]
    internal partial void Serving(string address, int port);
}
