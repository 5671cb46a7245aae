using System.Threading.Channels;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Server.Cluster.Links;
using Xunit;

namespace Kvs.Server.Tests.Cluster.Links;

/// <summary>What a node is told of its links, to be looked at one by one; each look waits, up to a deadline.</summary>
internal sealed class LinkEvents : ILinkEvents
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(20);

    private readonly Channel<Told> _told = Channel.CreateUnbounded<Told>();

    public ulong Epoch => 7;

    /// <summary>Called with each message before it is put in line.</summary>
    internal Action<ClusterLink>? OnReceived { get; set; }

    /// <summary>Whether nothing was told that was not looked at.</summary>
    internal bool IsEmpty => _told.Reader.Count == 0;

    public void Connected(ClusterLink link, string? peer) => Tell(new Told { Kind = "connected", Link = link, Text = peer });

    public void DialFailed(string peer, string reason) => Tell(new Told { Kind = "dial failed", Text = $"{peer}: {reason}" });

    public void Received(ClusterLink link, LinkMessage message)
    {
        OnReceived?.Invoke(link);
        Tell(new Told { Kind = "received", Link = link, Message = message });
    }

    public void Disconnected(ClusterLink link, string reason) =>
        Tell(new Told { Kind = "disconnected", Link = link, Text = reason });

    /// <summary>The next link, and who was dialled.</summary>
    internal async Task<(ClusterLink Link, string? Peer)> ConnectedAsync()
    {
        var told = await NextAsync("connected");
        return (told.Link!, told.Text);
    }

    /// <summary>The next message, not released.</summary>
    internal async Task<LinkMessage> HeldAsync() => (await NextAsync("received")).Message!;

    /// <summary>The next message, of a kind, released at once: not for those with payload.</summary>
    internal async Task<T> ReceivedAsync<T>()
        where T : ClusterMessage
    {
        var message = await HeldAsync();
        message.Release();
        return Assert.IsType<T>(message.Message);
    }

    /// <summary>The next event, which is the end of a link: its reason.</summary>
    internal async Task<string> DisconnectedAsync() => (await NextAsync("disconnected")).Text!;

    /// <summary>The next event, which is a call that came to nothing: who, and why.</summary>
    internal async Task<string> DialFailedAsync() => (await NextAsync("dial failed")).Text!;

    private async Task<Told> NextAsync(string kind)
    {
        using var timeout = new CancellationTokenSource(_deadline);
        var told = await _told.Reader.ReadAsync(timeout.Token);
        Assert.True(told.Kind == kind, $"{kind} was to come, but {told.Kind} came: {told.Text}{told.Message?.Message}");
        return told;
    }

    private void Tell(Told told) => _told.Writer.TryWrite(told);

    private sealed record Told
    {
        internal required string Kind { get; init; }

        internal ClusterLink? Link { get; init; }

        internal string? Text { get; init; }

        internal LinkMessage? Message { get; init; }
    }
}
