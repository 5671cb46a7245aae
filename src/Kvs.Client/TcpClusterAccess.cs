using Kvs.Client.Commands.CommandLine;
using Kvs.Core.Client;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Client;

/// <summary>A cluster over TCP: each question goes where the client is connected to, states are taken of one node each.</summary>
/// <param name="client">The client; not disposed here.</param>
/// <param name="options">How to connect to single nodes.</param>
internal sealed class TcpClusterAccess(KvsClient client, KvsClientOptions options) : IClusterAccess
{
    /// <inheritdoc/>
    public Task<ClusterStatus> StatusAsync(CancellationToken cancellationToken) => client.Cluster.StatusAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<string> PromoteAsync(string node, CancellationToken cancellationToken) =>
        client.Cluster.PromoteAsync(node, cancellationToken);

    /// <inheritdoc/>
    public Task<string> ForcePromoteAsync(string node, CancellationToken cancellationToken) =>
        client.Cluster.ForcePromoteAsync(node, cancellationToken);

    /// <inheritdoc/>
    public Task<string> TransferAsync(string node, CancellationToken cancellationToken) =>
        client.Cluster.TransferAsync(node, cancellationToken);

    /// <inheritdoc/>
    public Task<string> LeaveAsync(string node, CancellationToken cancellationToken) =>
        client.Cluster.LeaveAsync(node, cancellationToken);

    /// <inheritdoc/>
    public Task<KvsVersion> PositionAsync(CancellationToken cancellationToken) => client.Cluster.PositionAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task<INodeState> OpenNodeAsync(string address, KvsVersion atLeast, CancellationToken cancellationToken)
    {
        // The digests have a connection of their own; that of the client was only the way to it.
        await using var node = await KvsClient.ConnectAsync(address, options, cancellationToken);
        return new NodeState(await node.DigestsAsync(atLeast, cancellationToken));
    }

    private sealed class NodeState(KvsDigests digests) : INodeState
    {
        public KvsVersion Version => digests.Version;

        public Task<RangeDigest> DigestAsync(KeyRange range, int most) => digests.DigestAsync(range, most);

        public Task<RangeDigest> DigestAsync(KeyRange range, IReadOnlyList<KvsKey> splits) => digests.DigestAsync(range, splits);

        public Task<KeyDigests> ListAsync(KeyRange range, int most) => digests.ListAsync(range, most);

        public ValueTask DisposeAsync() => digests.DisposeAsync();
    }
}
