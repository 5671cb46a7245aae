using System.Threading.Channels;
using Kvs.Core.Engines.Members;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Protocol.Cluster.Messages.Copies;
using Kvs.Core.Replication;
using Kvs.Core.Storage.Copies;

namespace Kvs.Server.Cluster.Driver.Copies;

/// <summary>
/// Fetches a base copy from the primary into this node's directory, beside the store that is open. What a broken
/// connection has left is kept: when the same copy is offered again, the fetch goes on behind it.
/// Threading: one fetch at a time, on the thread pool; <see cref="Take"/> and <see cref="Break"/> from any thread.
/// </summary>
/// <param name="links">The connections.</param>
internal sealed class CopyFetch(INodeLinks links) : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private BaseCopyReceiver? _receiver; // one fetch at a time
    private UInt128 _id;
    private long _connection; // guarded by _gate; 0 for none
    private Channel<BaseCopyChunk?>? _chunks; // guarded by _gate

    /// <summary>Fetches all of a copy.</summary>
    /// <param name="log">The log that takes it.</param>
    /// <param name="order">What was offered, and by whom.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What can be swapped in; null when the connection broke.</returns>
    /// <exception cref="KvsException">It is damaged, or there is no room for it.</exception>
    internal async Task<StagedCopy?> RunAsync(IMemberLog log, NodeOutput.FetchBaseCopy order, CancellationToken cancellationToken)
    {
        Begin(order.Connection);
        try
        {
            if (_receiver is null || _id != order.Offer.CopyId)
            {
                _receiver?.Dispose();
                _receiver = null;
                if (await FetchManifestAsync(order, cancellationToken) is not { } manifest)
                {
                    return null;
                }

                _receiver = log.ReceiveBaseCopy(manifest);
                _id = order.Offer.CopyId;
            }

            foreach (var file in _receiver.Files)
            {
                while (_receiver.Received(file.Id) < file.End)
                {
                    var offset = _receiver.Received(file.Id);
                    if (await FetchAsync(order, file.Id, (ulong)offset, cancellationToken) is not { } chunk)
                    {
                        return null;
                    }

                    _receiver.Write(file.Id, offset, chunk.Bytes.Span[..(int)Math.Min(chunk.Bytes.Length, file.End - offset)]);
                }
            }

            var staged = _receiver.Complete();
            _receiver.Dispose();
            _receiver = null;
            return staged;
        }
        catch (KvsException)
        {
            _receiver?.Dispose();
            _receiver = null;
            throw;
        }
        finally
        {
            Break(order.Connection);
        }
    }

    /// <summary>A piece came.</summary>
    /// <param name="connection">Its connection.</param>
    /// <param name="chunk">The piece. Ownership: the caller's.</param>
    internal void Take(long connection, BaseCopyChunk chunk)
    {
        lock (_gate)
        {
            if (connection == _connection)
            {
                _chunks!.Writer.TryWrite(chunk with { Bytes = chunk.Bytes.ToArray() });
            }
        }
    }

    /// <summary>A connection is closed: what was asked for on it does not come.</summary>
    /// <param name="connection">Its number.</param>
    internal void Break(long connection)
    {
        lock (_gate)
        {
            if (connection == _connection)
            {
                _chunks!.Writer.TryWrite(null);
                _connection = 0;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _receiver?.Dispose();

    private void Begin(long connection)
    {
        lock (_gate)
        {
            _connection = connection;
            _chunks = Channel.CreateUnbounded<BaseCopyChunk?>();
        }
    }

    private async Task<byte[]?> FetchManifestAsync(NodeOutput.FetchBaseCopy order, CancellationToken cancellationToken)
    {
        var file = order.Offer.Files[0];
        var manifest = new List<byte>();
        while ((ulong)manifest.Count < file.Length)
        {
            if (await FetchAsync(order, CopyShelf.ManifestId, (ulong)manifest.Count, cancellationToken) is not { } chunk)
            {
                return null;
            }

            manifest.AddRange(chunk.Bytes.Span);
        }

        return [.. manifest];
    }

    private async Task<BaseCopyChunk?> FetchAsync(
        NodeOutput.FetchBaseCopy order, ulong file, ulong offset, CancellationToken cancellationToken)
    {
        links.Send(
            order.Connection,
            new BaseCopyFetch(order.Offer.Epoch, order.Offer.CopyId, file, offset, CopyShelf.ChunkBytesMax));
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(_patience);
        try
        {
            var chunk = await _chunks!.Reader.ReadAsync(patience.Token);
            return chunk is not null
                && chunk.CopyId == order.Offer.CopyId
                && chunk.FileId == file
                && chunk.Offset == offset
                && chunk.Bytes.Length > 0
                && chunk.IsIntact ? chunk : null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}
