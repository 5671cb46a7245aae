using Google.Protobuf;

namespace Kvs.Server.Cluster.Etcd.Grpc;

/// <summary>One call of a service: its name on the wire and the types that it takes and gives.</summary>
/// <typeparam name="TRequest">What it takes.</typeparam>
/// <typeparam name="TResponse">What it gives.</typeparam>
/// <param name="Service">The service with its package.</param>
/// <param name="Name">The call.</param>
/// <param name="Parser">Reads what it gives.</param>
internal sealed record GrpcMethod<TRequest, TResponse>(string Service, string Name, MessageParser<TResponse> Parser)
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    /// <summary>The path of its HTTP request.</summary>
    internal string Path => $"/{Service}/{Name}";
}
