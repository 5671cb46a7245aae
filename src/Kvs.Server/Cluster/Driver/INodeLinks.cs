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
    /// <param name="message">The message; bytes that it points to stay as they are until they are released.</param>
    /// <param name="release">Called once, when its bytes are needed no more.</param>
    void Send(long connection, ClusterMessage message, Action? release = null);

    /// <summary>Closes a connection behind what was sent. The driver does not hear of it again.</summary>
    /// <param name="connection">Its number.</param>
    void Close(long connection);
}
