using Kvs.Client.Commands.CommandLine;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Client;

/// <summary>Connects to a server over TCP.</summary>
internal sealed class TcpStoreConnector : IStoreConnector
{
    /// <inheritdoc/>
    public ValueTask<IKvStore> ConnectAsync(string addresses, TimeSpan timeout, CancellationToken cancellationToken) =>
        throw new KvsUnavailableException(ErrorCode.Unreachable, $"cannot reach {addresses}: this build has no network client yet");

    /// <inheritdoc/>
    public ValueTask PingAsync(IKvStore store, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
