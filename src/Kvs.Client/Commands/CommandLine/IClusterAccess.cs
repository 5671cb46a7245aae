using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Client.Commands.CommandLine;

/// <summary>What the commands about a cluster ask of it: the real one speaks to servers, a test's one is in process.</summary>
internal interface IClusterAccess
{
    /// <summary>What the node that is asked knows of the cluster.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    Task<ClusterStatus> StatusAsync(CancellationToken cancellationToken);

    /// <summary>Makes a replica the primary.</summary>
    /// <param name="node">Its id or address; empty for the node that is asked.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>What was done.</returns>
    Task<string> PromoteAsync(string node, CancellationToken cancellationToken);

    /// <summary>Makes a node the primary although acknowledged writes may be lost by it.</summary>
    /// <param name="node">Which; empty for the one that is asked.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    Task<string> ForcePromoteAsync(string node, CancellationToken cancellationToken);

    /// <summary>Moves the primary.</summary>
    /// <param name="node">Id or address of the next one; empty for the cluster's choice.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>What was done.</returns>
    Task<string> TransferAsync(string node, CancellationToken cancellationToken);

    /// <summary>Removes a node.</summary>
    /// <param name="node">Its id or address.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>What was done.</returns>
    Task<string> LeaveAsync(string node, CancellationToken cancellationToken);

    /// <summary>The newest acknowledged position.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    Task<KvsVersion> PositionAsync(CancellationToken cancellationToken);

    /// <summary>Takes a state of one node.</summary>
    /// <param name="address">Where the node is.</param>
    /// <param name="atLeast">A position that it must show; none for whatever it shows.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The state. Ownership: the caller's.</returns>
    Task<INodeState> OpenNodeAsync(string address, KvsVersion atLeast, CancellationToken cancellationToken);
}

/// <summary>One state of one node, as digests.</summary>
internal interface INodeState : IAsyncDisposable
{
    /// <summary>The version of the state.</summary>
    KvsVersion Version { get; }

    /// <summary>Digests a range, divided by the node.</summary>
    /// <param name="range">The range.</param>
    /// <param name="most">Most sub-ranges.</param>
    Task<RangeDigest> DigestAsync(KeyRange range, int most);

    /// <summary>Digests a range, divided as given.</summary>
    /// <param name="range">The range.</param>
    /// <param name="splits">First keys of all sub-ranges but the first.</param>
    Task<RangeDigest> DigestAsync(KeyRange range, IReadOnlyList<KvsKey> splits);

    /// <summary>Lists the keys of a range.</summary>
    /// <param name="range">The range.</param>
    /// <param name="most">Most keys.</param>
    Task<KeyDigests> ListAsync(KeyRange range, int most);
}
