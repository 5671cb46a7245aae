using Kvs.Core.Operations;

namespace Kvs.Client.Commands.CommandLine;

/// <summary>Gives commands a store to work on: the real one speaks to a server, a test's one is in process.</summary>
internal interface IStoreConnector
{
    /// <summary>Connects. Fails with Unreachable, naming the address, when there is no server.</summary>
    /// <param name="addresses">One HOST:PORT, or several with commas.</param>
    /// <param name="timeout">How long a connection and each answer may take.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The store; it belongs to the caller.</returns>
    ValueTask<IKvStore> ConnectAsync(string addresses, TimeSpan timeout, CancellationToken cancellationToken);

    /// <summary>Asks the server for a sign of life.</summary>
    /// <param name="store">A store that this connector gave.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask PingAsync(IKvStore store, CancellationToken cancellationToken);
}
