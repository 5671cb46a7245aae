using System.Collections.Concurrent;
using Kvs.Core.Platform;
using Kvs.Server.Access;
using Microsoft.Extensions.Logging;

namespace Kvs.Server.Cluster.Links;

/// <summary>
/// All links of a node: gives them numbers, runs them, and ends them when the node stops. Others' connections come from
/// the TCP door, own ones from <see cref="LinkDialler"/>.
/// Threading: any thread. Ownership: of the links.
/// </summary>
/// <param name="options">The limits.</param>
/// <param name="events">Who is told.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed class ClusterLinks(LinkOptions options, ILinkEvents events, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<ClusterLink, Task> _running = new();
    private long _lastNumber; // Interlocked
    private int _accepted; // Interlocked
    private bool _isStopping; // Volatile

    /// <summary>The limits.</summary>
    internal LinkOptions Options => options;

    /// <summary>Who is told.</summary>
    internal ILinkEvents Events => events;

    /// <summary>The clock.</summary>
    internal TimeProvider Time => time;

    /// <summary>The log.</summary>
    internal LinkLog Log { get; } = new(logger, time);

    /// <summary>What nodes of the cluster know; null for none: then nobody is asked for it.</summary>
    internal ClusterSecret? Secret { get; init; }

    /// <summary>Links that are open, or on their way to be closed.</summary>
    internal int Count => _running.Count;

    /// <summary>Takes over a connection on which another node has sent its first bytes. Never fails.</summary>
    /// <param name="connection">The connection. Ownership: this object's.</param>
    /// <param name="received">What was received on it.</param>
    internal void Accept(IConnection connection, ReadOnlyMemory<byte> received)
    {
        if (Interlocked.Increment(ref _accepted) > options.AcceptedMax)
        {
            Log.TooManyLinks(connection.RemoteAddress, Interlocked.Decrement(ref _accepted));
            connection.Dispose();
            return;
        }

        Run(connection, peer: null, received);
    }

    /// <summary>Takes over a connection that this node has dialled.</summary>
    /// <param name="connection">The connection. Ownership: this object's.</param>
    /// <param name="peer">Who was dialled.</param>
    internal void Run(IConnection connection, string peer) => Run(connection, peer, default);

    /// <summary>Dialling a node came to nothing.</summary>
    /// <param name="peer">The node.</param>
    /// <param name="why">Why.</param>
    internal void DialFailed(string peer, string why)
    {
        Log.NotReached(peer, why);
        events.DialFailed(peer, why);
    }

    /// <summary>
    /// Ends all links: those that were closed before have a moment to send what they were given, the others end at once.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        Volatile.Write(ref _isStopping, true);
        foreach (var link in _running.Keys.Where(static link => !link.IsClosed))
        {
            link.Abort();
        }

        await Task.WhenAll(_running.Values)
            .WaitAsync(options.StopTimeout, time)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!_running.IsEmpty)
        {
            foreach (var link in _running.Keys)
            {
                link.Abort();
            }

            await Task.WhenAll(_running.Values);
        }
    }

    private void Run(IConnection connection, string? peer, ReadOnlyMemory<byte> received)
    {
        var link = new ClusterLink(Interlocked.Increment(ref _lastNumber), connection, this);
        var begin = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _running[link] = RunAsync();
        begin.SetResult();
        if (Volatile.Read(ref _isStopping))
        {
            link.Abort();
        }

        async Task RunAsync()
        {
            await begin.Task;
            try
            {
                if (await TryGreetAsync(connection, peer, received) is { } left)
                {
                    Log.Reached(peer);
                    await link.RunAsync(peer, left);
                }
                else
                {
                    link.Discard();
                }
            }
            finally
            {
                _running.TryRemove(link, out _);
                Interlocked.Add(ref _accepted, peer is null ? -1 : 0);
            }
        }
    }

    /// <summary>Lets in who is of the cluster.</summary>
    /// <returns>What was received behind the greeting; null when the other side is not let in.</returns>
    private async Task<ReadOnlyMemory<byte>?> TryGreetAsync(IConnection connection, string? peer, ReadOnlyMemory<byte> received)
    {
        if (Secret is null && !LinkGreeting.IsBegun(received.Span))
        {
            return received;
        }

        using var timeout = new CancellationTokenSource(options.GreetingTimeout, time);
        var greeting = new LinkGreeting(Secret, connection, received);
        string? why = null;
        try
        {
            why = await (peer is null ? greeting.AcceptAsync(timeout.Token) : greeting.DialAsync(timeout.Token));
            if (why is null)
            {
                return greeting.Left;
            }

            if (peer is null)
            {
                Log.Refuse(connection.RemoteAddress, why);
                await greeting.SayGoodbyeAsync(timeout.Token);
            }
        }
        catch (IOException failure)
        {
            why ??= failure.Message;
        }
        catch (OperationCanceledException)
        {
            why ??= $"It did not greet within {options.GreetingTimeout}.";
        }

        if (peer is not null && !Volatile.Read(ref _isStopping))
        {
            DialFailed(peer, why);
        }

        return null;
    }
}
