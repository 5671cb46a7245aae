using System.Buffers;
using Kvs.Core.Engines.Members;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Replication;
using Kvs.Core.Storage.Feed;

namespace Kvs.Server.Cluster.Driver.Shipping;

/// <summary>
/// Sends the log to one follower, from wherever it has come to: the same walk over the mapped segments for one that is
/// a group behind and for one that is an hour behind. Reading may wait for a disk, so it has the thread pool for itself,
/// one piece at a time.
/// Threading: asked by the driver's loop; a piece is read on the pool. Ownership: of its cursor.
/// </summary>
/// <param name="connection">The follower's connection.</param>
/// <param name="links">Where frames go.</param>
internal sealed class LogShipper(long connection, INodeLinks links) : IDisposable
{
    /// <summary>Bytes of one message, unless one frame alone is longer: beacons wait behind no more than this.</summary>
    private const int MessageBytesMax = 1024 * 1024;

    private readonly Lock _reading = new();
    private LogCursor? _cursor; // guarded by _reading
    private bool _hasFrame; // guarded by _reading: the cursor stands on a frame that was not sent
    private bool _isDisposed; // guarded by _reading

    /// <summary>Sends the next piece.</summary>
    /// <param name="log">The log.</param>
    /// <param name="order">From where, and how much.</param>
    /// <returns>How far it came; null when the log no longer holds what comes next.</returns>
    internal NodeInput.Shipped? Ship(IMemberLog log, NodeOutput.Ship order)
    {
        lock (_reading)
        {
            if (_isDisposed)
            {
                return null;
            }

            if (_cursor is null || Position != order.After.Sequence + 1)
            {
                _cursor?.Dispose();
                _cursor = log.OpenCursor(order.After.Sequence, static () => { });
                _hasFrame = false;
            }

            return Send(order);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_reading)
        {
            _isDisposed = true;
            _cursor?.Dispose();
        }
    }

    private ulong Position => _hasFrame ? _cursor!.Frame.FirstSequence : _cursor!.Next;

    private NodeInput.Shipped? Send(NodeOutput.Ship order)
    {
        var bytes = Array.Empty<byte>();
        var count = 0;
        KvsVersion first = default;
        KvsVersion last = default;
        while (TryMove())
        {
            var frame = _cursor!.Frame;
            var end = count + frame.Bytes.Length;
            if (frame.LastSequence > order.Through)
            {
                break;
            }

            if (count > 0 && (frame.Epoch != last.Epoch || end > Math.Min(MessageBytesMax, order.BytesMax)))
            {
                break;
            }

            MakeRoom(ref bytes, count, end);
            frame.Bytes.CopyTo(bytes.AsSpan(count));
            first = count == 0 ? new KvsVersion(frame.Epoch, frame.FirstSequence) : first;
            last = new KvsVersion(frame.Epoch, frame.LastSequence);
            count = end;
            _hasFrame = false;
        }

        if (count == 0)
        {
            return null;
        }

        links.Send(
            connection,
            new Append(order.Epoch, order.After, first, last, order.CommittedThrough, bytes.AsMemory(0, count)),
            new RentedBytes(bytes));
        return new NodeInput.Shipped(connection, last, count);
    }

    private bool TryMove()
    {
        _hasFrame = _hasFrame || _cursor!.Move() == LogMove.Frame;
        return _hasFrame;
    }

    private static void MakeRoom(ref byte[] bytes, int used, int needed)
    {
        if (needed <= bytes.Length)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, Math.Min(2 * bytes.Length, MessageBytesMax)));
        bytes.AsSpan(0, used).CopyTo(larger);
        if (bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }

        bytes = larger;
    }
}
