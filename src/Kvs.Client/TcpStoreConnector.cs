using Kvs.Client.Commands.CommandLine;
using Kvs.Core.Client;
using Kvs.Core.Operations;

namespace Kvs.Client;

/// <summary>Connects to a server over TCP.</summary>
internal sealed class TcpStoreConnector : IStoreConnector
{
    /// <summary>The longest time that a timer takes; a longer one means no limit.</summary>
    private static TimeSpan TimeoutMax => TimeSpan.FromMilliseconds(int.MaxValue);

    /// <inheritdoc/>
    public async ValueTask<IKvStore> ConnectAsync(
        string addresses, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var limit = timeout <= TimeoutMax ? timeout : Timeout.InfiniteTimeSpan;
        var options = new KvsClientOptions
        {
            ConnectTimeout = limit,
            RequestTimeout = limit,
            ClientName = "kvs-client",
        };
        return await KvsClient.ConnectAsync(addresses, options, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask PingAsync(IKvStore store, CancellationToken cancellationToken) =>
        ((KvsClient)store).PingAsync(cancellationToken);
}
