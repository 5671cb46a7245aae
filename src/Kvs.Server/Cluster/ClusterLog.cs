using Microsoft.Extensions.Logging;

namespace Kvs.Server.Cluster;

/// <summary>What a node of a cluster says of itself in the log.</summary>
/// <param name="logger">The log.</param>
internal sealed partial class ClusterLog(ILogger logger)
{
    [LoggerMessage(3001, LogLevel.Information, "cluster: role {Role}, epoch {Epoch:x}, primary {Primary}")]
    internal partial void RoleIs(string role, ulong epoch, string primary);

    [LoggerMessage(3002, LogLevel.Warning, "cluster: {Text}")]
    internal partial void Told(string text);

    [LoggerMessage(3003, LogLevel.Critical, "the log failed: {Reason}; this process ends, the other nodes go on")]
    internal partial void LogFailed(string reason);

    [LoggerMessage(3004, LogLevel.Information, "cluster: a follower is far behind: a copy up to {Version} is offered, {MiB} MiB")]
    internal partial void CopyOffered(string version, long miB);

    [LoggerMessage(3005, LogLevel.Warning, "cluster: taking a copy of the primary's data failed: {Reason}; it is tried again")]
    internal partial void CopyFailed(string reason);

    [LoggerMessage(3007, LogLevel.Warning, "cluster: the control plane: {Reason}")]
    internal partial void ControlPlane(string reason);

    [LoggerMessage(3008, LogLevel.Warning, "cluster: this node has left it; started again it joins again")]
    internal partial void HasLeft();

    [LoggerMessage(3006, LogLevel.Error, "cluster: {What} failed: {Reason}")]
    internal partial void ReadFailed(string what, string reason);
}
