using System.Globalization;
using System.Net.Http.Headers;

namespace Kvs.Server.Cluster.Etcd.Grpc;

/// <summary>What goes with a call beside its messages.</summary>
/// <param name="Timeout">The time that the call has; infinite for a stream.</param>
/// <param name="Token">From etcd's login; null without one.</param>
internal readonly record struct GrpcCallHeaders(TimeSpan Timeout, string? Token)
{
    /// <summary>
    /// Whether the member is to end the call when it has lost its leader. A stream at a member that is cut off from the
    /// others would stay open, and show nothing new for ever.
    /// </summary>
    internal bool NeedsLeader { get; init; }

    /// <summary>Writes them.</summary>
    /// <param name="headers">Of the request.</param>
    internal void AddTo(HttpRequestHeaders headers)
    {
        if (Timeout != System.Threading.Timeout.InfiniteTimeSpan)
        {
            var milliseconds = Math.Max(1, (long)Timeout.TotalMilliseconds);
            headers.Add("grpc-timeout", string.Create(CultureInfo.InvariantCulture, $"{milliseconds}m"));
        }

        if (Token is not null)
        {
            headers.Add("token", Token);
        }

        if (NeedsLeader)
        {
            headers.Add("hasleader", "true");
        }
    }
}
