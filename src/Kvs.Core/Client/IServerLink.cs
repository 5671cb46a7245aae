using Kvs.Core.Client.Connections;

namespace Kvs.Core.Client;

/// <summary>Where calls go: the newest connection of a client, or the one that holds a snapshot. Threading: any thread.</summary>
internal interface IServerLink
{
    /// <summary>How many addresses it may connect to.</summary>
    int AddressCount { get; }

    /// <summary>Whether it makes no connections any more.</summary>
    bool IsClosed { get; }

    /// <summary>The connection on which calls can be made now; null when one must be made first.</summary>
    KvsConnection? Current { get; }

    /// <summary>Gives a connection on which calls can be made.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask<KvsConnection> ConnectAsync(CancellationToken cancellationToken);

    /// <summary>The next calls go to another address, unless they do already, or there is only one.</summary>
    /// <param name="connection">The connection that is left. It stays open: others may wait for answers on it.</param>
    /// <param name="hint">Address that is tried first; null or no address for the next one of the list.</param>
    void Leave(KvsConnection connection, string? hint);
}
