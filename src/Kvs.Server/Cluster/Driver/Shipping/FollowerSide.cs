using System.Collections.Concurrent;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages.Copies;
using Kvs.Core.Replication;
using Kvs.Server.Cluster.Driver.Copies;
using Kvs.Server.Cluster.Store;

namespace Kvs.Server.Cluster.Driver.Shipping;

/// <summary>
/// What this node, the primary, sends to its followers beside the node's messages: the log, and base copies. Reading may
/// wait for a disk, so it runs on the thread pool.
/// Threading: orders from the driver's loop; the rest any thread. Ownership: of shippers and shelf.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="links">The connections.</param>
/// <param name="log">What people read.</param>
/// <param name="shelf">The base copies.</param>
/// <param name="pace">How fast they are sent.</param>
/// <param name="tell">Tells the node.</param>
/// <param name="lost">Gives a connection up.</param>
internal sealed class FollowerSide(
    MemberStore store,
    INodeLinks links,
    ClusterLog log,
    CopyShelf shelf,
    CopyPace pace,
    Action<NodeInput> tell,
    Action<long> lost) : IDisposable
{
    private readonly ConcurrentDictionary<long, LogShipper> _shippers = new();

    /// <summary>Sends the next piece of the log.</summary>
    /// <param name="order">To whom, from where, how much.</param>
    internal void Ship(NodeOutput.Ship order)
    {
        var shipper = _shippers.GetOrAdd(order.Connection, connection => new LogShipper(connection, links));
        if (store.Member is not { } member)
        {
            return;
        }

        _ = Task.Run(() =>
        {
            if (Attempt("Reading the log for a follower", () => shipper.Ship(member, order)) is { } shipped)
            {
                tell(shipped);
            }
            else if (_shippers.ContainsKey(order.Connection))
            {
                // What comes next is no longer in the log: the follower comes again, and gets a base copy.
                lost(order.Connection);
            }
        });
    }

    /// <summary>A connection is closed.</summary>
    /// <param name="connection">Its number.</param>
    internal void Forget(long connection)
    {
        if (_shippers.TryRemove(connection, out var shipper))
        {
            _ = Task.Run(shipper.Dispose); // a piece may be on its way out
        }
    }

    /// <summary>Offers a base copy.</summary>
    /// <param name="connection">To whom.</param>
    internal void Offer(long connection)
    {
        if (store.Member is not { } member)
        {
            return;
        }

        _ = Task.Run(() =>
        {
            if (Attempt("Opening a base copy", () => shelf.Offer(member)) is { } offer)
            {
                log.CopyOffered(offer.Upto.ToString(), offer.Files.Sum(static file => (long)file.Length) / (1024 * 1024));
                tell(new NodeInput.BaseCopyReady(connection, offer));
            }
        });
    }

    /// <summary>Sends a piece of a base copy.</summary>
    /// <param name="connection">To whom.</param>
    /// <param name="fetch">Which.</param>
    internal void Serve(long connection, BaseCopyFetch fetch) => _ = Task.Run(async () =>
    {
        if (Attempt("Reading a base copy", () => shelf.Read(fetch)) is { } chunk)
        {
            await pace.WaitAsync(chunk.Bytes.Length);
            links.Send(connection, chunk);
        }
        else
        {
            lost(connection);
        }
    });

    /// <summary>Lets a copy go that nobody fetches any more.</summary>
    internal void Tidy() => shelf.Tidy();

    /// <summary>Lets the copy go: the store is about to be closed.</summary>
    internal void DropCopy() => shelf.Dispose();

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var shipper in _shippers.Values)
        {
            shipper.Dispose();
        }

        shelf.Dispose();
    }

    private T? Attempt<T>(string what, Func<T?> attempt)
        where T : class
    {
        try
        {
            return attempt();
        }
        catch (Exception failure) when (failure is KvsException or IOException or ObjectDisposedException)
        {
            log.ReadFailed(what, failure.Message);
            return null;
        }
    }
}
