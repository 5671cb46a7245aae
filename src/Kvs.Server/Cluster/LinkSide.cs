using System.Collections.Concurrent;
using Kvs.Core.Platform;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Server.Access;
using Kvs.Server.Cluster.Driver;
using Kvs.Server.Cluster.Links;
using Microsoft.Extensions.Logging;

namespace Kvs.Server.Cluster;

/// <summary>
/// Joins the links and the driver: events of links go to the driver, what the driver says goes to the link of that number.
/// Threading: any thread. Ownership: of the links.
/// </summary>
internal sealed class LinkSide : INodeLinks, ILinkEvents, IAsyncDisposable
{
    private readonly ConcurrentDictionary<long, ClusterLink> _open = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly LinkDialler _dialler;
    private readonly Func<string, string?> _addressOf;
    private NodeDriver _driver = null!; // set by Drive

    /// <summary>Creates it without any link.</summary>
    /// <param name="transport">The network.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    /// <param name="addressOf">Where a node is; null when nobody knows.</param>
    /// <param name="secret">What nodes of the cluster know; null for none.</param>
    internal LinkSide(
        ITransport transport, TimeProvider time, ILogger logger, Func<string, string?> addressOf, ClusterSecret? secret)
    {
        _addressOf = addressOf;
        Links = new ClusterLinks(new LinkOptions(), this, time, logger) { Secret = secret };
        _dialler = new LinkDialler(transport, Links);
    }

    /// <summary>The links; the door hands connections of other nodes to them.</summary>
    internal ClusterLinks Links { get; }

    /// <inheritdoc/>
    public ulong Epoch => _driver.Status.Epoch;

    /// <summary>Tells who drives the node, before the first link.</summary>
    /// <param name="driver">The driver.</param>
    internal void Drive(NodeDriver driver) => _driver = driver;

    /// <inheritdoc/>
    public void Dial(string peer) => _ = _dialler.DialAsync(peer, _addressOf(peer), _stopping.Token);

    /// <inheritdoc/>
    public void Send(long connection, ClusterMessage message, IDisposable? owner = null)
    {
        if (_open.TryGetValue(connection, out var link))
        {
            link.Send(message, owner);
        }
        else
        {
            owner?.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Close(long connection)
    {
        if (_open.TryRemove(connection, out var link))
        {
            link.Close();
        }
    }

    /// <inheritdoc/>
    public void Connected(ClusterLink link, string? peer)
    {
        _open[link.Number] = link;
        _driver.Connected(link.Number, peer);
    }

    /// <inheritdoc/>
    public void DialFailed(string peer, string reason) => _driver.DialFailed(peer);

    /// <inheritdoc/>
    public void Received(ClusterLink link, LinkMessage message)
    {
        if (message.Message is Goodbye { Reason: GoodbyeReason.Unproven })
        {
            Links.Log.RefusesUs(link.RemoteAddress);
        }

        _driver.Received(link.Number, message.Message, message.Release);
    }

    /// <inheritdoc/>
    public void Disconnected(ClusterLink link, string reason)
    {
        _open.TryRemove(link.Number, out _);
        _driver.Disconnected(link.Number);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Links.DisposeAsync();
        _stopping.Dispose();
    }
}
