using Kvs.Core.Diagnostics;
using Microsoft.Extensions.Logging;
using Kvs.Server.Configuration;
using Kvs.Server.Engines;

namespace Kvs.Server.Hosting;

/// <summary>What the server says of its life in the log.</summary>
/// <param name="logger">The log.</param>
internal sealed partial class ServerLog(ILogger logger)
{
    [LoggerMessage(1001, LogLevel.Information,
        "kvs-server {Version}: engine {Engine}, data directory {Directory}, durability {Durability}")]
    internal partial void Starting(string version, string engine, string directory, string durability);

    [LoggerMessage(1002, LogLevel.Information, "engine {Engine} open: {Keys} keys recovered in {Millis:0} ms")]
    internal partial void EngineOpen(string engine, long keys, double millis);

    [LoggerMessage(1003, LogLevel.Information, "listening on {Address} (port {Port})")]
    internal partial void Listening(string address, int port);

    [LoggerMessage(1004, LogLevel.Information, "stopping: finishing what was received")]
    internal partial void Stopping();

    [LoggerMessage(1005, LogLevel.Information, "stopped")]
    internal partial void Stopped();

    [LoggerMessage(1006, LogLevel.Information,
        "memory: {Limit} MiB, of which {Keys} for keys and {Heap} for connections and requests within {Limits}")]
    internal partial void Memory(long limit, long keys, long heap, string limits);

    [LoggerMessage(1007, LogLevel.Warning,
        "only {Limit} files may be open (ulimit -n): connections-max {Connections} needs {Needed}; beyond it no door can accept")]
    internal partial void FewDescriptors(long limit, int connections, int needed);

    /// <summary>Passes on what a store says.</summary>
    /// <param name="happened">What it says.</param>
    internal void Tell(StoreEvent happened)
    {
        switch (happened.Level)
        {
            case StoreEventLevel.Error:
                StoreError(happened.Message);
                break;
            case StoreEventLevel.Warning:
                StoreWarning(happened.Message);
                break;
            case StoreEventLevel.Information:
                StoreInformation(happened.Message);
                break;
            default:
                StoreDebug(happened.Message);
                break;
        }
    }

    [LoggerMessage(1009, LogLevel.Debug, "store: {Text}")]
    private partial void StoreDebug(string text);

    [LoggerMessage(1010, LogLevel.Information, "store: {Text}")]
    private partial void StoreInformation(string text);

    [LoggerMessage(1011, LogLevel.Warning, "store: {Text}")]
    private partial void StoreWarning(string text);

    [LoggerMessage(1012, LogLevel.Error, "store: {Text}")]
    private partial void StoreError(string text);
}
