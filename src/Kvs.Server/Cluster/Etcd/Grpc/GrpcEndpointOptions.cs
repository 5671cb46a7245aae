using System.Net.Security;

namespace Kvs.Server.Cluster.Etcd.Grpc;

/// <summary>How the calls to an endpoint are made.</summary>
internal sealed record GrpcEndpointOptions
{
    /// <summary>The clock of the deadlines.</summary>
    internal required TimeProvider Time { get; init; }

    /// <summary>Longest time for making a connection.</summary>
    internal required TimeSpan ConnectTimeout { get; init; }

    /// <summary>Longest message that is taken; a longer one is a failure of its call.</summary>
    internal required int MessageBytesMax { get; init; }

    /// <summary>How https is spoken; null for the system's certificates.</summary>
    internal SslClientAuthenticationOptions? Tls { get; init; }
}
