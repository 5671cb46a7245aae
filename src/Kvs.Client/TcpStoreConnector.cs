using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Commands.CommandLine.Operands;
using Kvs.Core.Client;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Client;

/// <summary>Connects to a server over TCP.</summary>
internal sealed class TcpStoreConnector : IStoreConnector
{
    /// <summary>The longest time that a timer takes; a longer one means no limit.</summary>
    private static TimeSpan TimeoutMax => TimeSpan.FromMilliseconds(int.MaxValue);

    /// <inheritdoc/>
    public async ValueTask<IKvStore> ConnectAsync(CommonSettings settings, CancellationToken cancellationToken) =>
        await KvsClient.ConnectAsync(settings.Addresses, OptionsOf(settings), cancellationToken);

    /// <inheritdoc/>
    public KvsVersion PositionOf(IKvStore store) => ((KvsClient)store).LastPosition;

    /// <inheritdoc/>
    public IClusterAccess ClusterOf(IKvStore store, CommonSettings settings) =>
        new TcpClusterAccess((KvsClient)store, OptionsOf(settings));

    /// <inheritdoc/>
    public ValueTask PingAsync(IKvStore store, CancellationToken cancellationToken) =>
        ((KvsClient)store).PingAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ServerInfo> InfoAsync(IKvStore store, CancellationToken cancellationToken) =>
        ((KvsClient)store).InfoAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SlowRequest>> SlowLogAsync(IKvStore store, int most, CancellationToken cancellationToken) =>
        ((KvsClient)store).SlowLogAsync(most, cancellationToken);

    private static KvsClientOptions OptionsOf(CommonSettings settings)
    {
        var limit = settings.Timeout <= TimeoutMax ? settings.Timeout : Timeout.InfiniteTimeSpan;
        return new KvsClientOptions
        {
            ConnectTimeout = limit,
            RequestTimeout = limit,
            ClientName = "kvs-client",
            Credentials = settings.Credentials,
            Tls = settings.Tls,
            Reads = new ReadOptions { Consistency = settings.Consistency, AtLeast = settings.AtLeast },
        };
    }
}
