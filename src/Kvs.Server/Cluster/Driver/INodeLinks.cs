using Kvs.Core.Protocol.Cluster.Messages;

namespace Kvs.Server.Cluster.Driver;

/// <summary>The connections to other nodes, as the driver uses them. Threading: any thread; nothing of it waits.</summary>
internal interface INodeLinks
{
    /// <summary>Opens a connection; the driver hears of it.</summary>
    /// <param name="peer">Address of the other node.</param>
    void Dial(string peer);

    /// <summary>Sends a message behind those that were sent before. Nothing when the connection is gone.</summary>
    /// <param name="connection">Its number.</param>
    /// <param name="message">The message.</param>
    /// <param name="owner">Who owns the bytes that it points to; disposed once, when they are needed no more.</param>
    void Send(long connection, ClusterMessage message, IDisposable? owner = null);

    /// <summary>Closes a connection behind what was sent. The driver does not hear of it again.</summary>
    /// <param name="connection">Its number.</param>
    void Close(long connection);
}
