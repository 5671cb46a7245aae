using Kvs.Client.Commands.CommandLine.Operands;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Client.Commands.CommandLine;

/// <summary>Gives commands a store to work on: the real one speaks to a server, a test's one is in process.</summary>
internal interface IStoreConnector
{
    /// <summary>Connects. Fails with Unreachable, naming the address, when there is no server.</summary>
    /// <param name="settings">Where to, how long a connection and each answer may take, what reads may miss.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The store; it belongs to the caller.</returns>
    ValueTask<IKvStore> ConnectAsync(CommonSettings settings, CancellationToken cancellationToken);

    /// <summary>The position of the newest answer of a store; none when it tells none.</summary>
    /// <param name="store">A store that this connector gave.</param>
    KvsVersion PositionOf(IKvStore store);

    /// <summary>The cluster behind a store.</summary>
    /// <param name="store">A store that this connector gave.</param>
    /// <param name="settings">How it was connected.</param>
    IClusterAccess ClusterOf(IKvStore store, CommonSettings settings);

    /// <summary>Asks the server for a sign of life.</summary>
    /// <param name="store">A store that this connector gave.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask PingAsync(IKvStore store, CancellationToken cancellationToken);

    /// <summary>What the server is.</summary>
    /// <param name="store">A store that this connector gave.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask<ServerInfo> InfoAsync(IKvStore store, CancellationToken cancellationToken);

    /// <summary>Requests that the server found slow, the newest first.</summary>
    /// <param name="store">A store that this connector gave.</param>
    /// <param name="most">How many at most.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask<IReadOnlyList<SlowRequest>> SlowLogAsync(IKvStore store, int most, CancellationToken cancellationToken);
}
