using Kvs.Core.Platform;
using Kvs.Core.Primitives;

namespace Kvs.Server.Cluster.Links;

/// <summary>
/// Connects to other nodes, once for each call: whether and when to try again is the node's to say.
/// Threading: any thread.
/// </summary>
/// <param name="transport">The network.</param>
/// <param name="links">Take the connections over, and tell of what came of the calls.</param>
internal sealed class LinkDialler(ITransport transport, ClusterLinks links)
{
    /// <summary>
    /// Dials a node; ends in <see cref="ILinkEvents.Connected"/> or <see cref="ILinkEvents.DialFailed"/>, if nobody stops
    /// it. Never fails.
    /// </summary>
    /// <param name="peer">Its name, for the events.</param>
    /// <param name="at">Its address; null when nobody knows it.</param>
    /// <param name="cancellationToken">Ends the attempt, without an event.</param>
    internal async Task DialAsync(string peer, string? at, CancellationToken cancellationToken)
    {
        if (!KvsAddress.TryParse(at, out var address))
        {
            links.DialFailed(peer, $"'{at}' is no address; one is HOST:PORT.");
            return;
        }

        using var timeout = new CancellationTokenSource(links.Options.ConnectTimeout, links.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            links.Run(await transport.ConnectAsync(address.Host, address.Port, either.Token), peer);
        }
        catch (IOException failure)
        {
            links.DialFailed(peer, failure.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            links.DialFailed(peer, $"It did not answer within {links.Options.ConnectTimeout}.");
        }
        catch (OperationCanceledException)
        {
            // Nobody waits for it any more.
        }
    }
}
