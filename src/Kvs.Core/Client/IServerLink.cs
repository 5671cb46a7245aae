using Kvs.Core.Client.Connections;

namespace Kvs.Core.Client;

/// <summary>Where calls go: the newest connection of a client, or the one that holds a snapshot. Threading: any thread.</summary>
internal interface IServerLink
{
    /// <summary>Gives a connection on which calls can be made.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask<KvsConnection> ConnectAsync(CancellationToken cancellationToken);
}
