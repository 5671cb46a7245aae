using System.Net;

namespace Kvs.Server.Cluster.Etcd.Grpc;

/// <summary>
/// The body of a request that stays open: it hands the stream to the one who writes messages, and ends when told to.
/// </summary>
internal sealed class OutgoingMessages : HttpContent
{
    private readonly TaskCompletionSource<Stream> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Where messages are written; arrives when the connection takes the request.</summary>
    internal Task<Stream> Opened => _opened.Task;

    /// <summary>No more messages.</summary>
    internal void End() => _ended.TrySetResult();

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        _opened.TrySetResult(stream);
        await _ended.Task.WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
