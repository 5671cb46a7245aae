using Kvs.Core.Platform;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Server.Cluster.Links;
using Kvs.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Kvs.Server.Tests.Cluster.Links;

public sealed class LinkDiallerTests
{
    [Fact]
    public async Task Both_sides_are_told_of_a_link_and_each_link_has_a_number_of_its_own()
    {
        await using var a = LinkNode.Open();
        await using var b = LinkNode.Open();
        var numbers = new HashSet<long>();
        for (var i = 0; i < 3; i++)
        {
            await new LinkDialler(new SocketTransport(), a.Links).DialAsync(b.Address, b.Address, CancellationToken.None);
            var (mine, dialled) = await a.Events.ConnectedAsync();
            Assert.Equal(b.Address, dialled);
            Assert.True(numbers.Add(mine.Number));
            mine.Close();
        }
    }

    [Fact]
    public async Task Where_nobody_listens_the_call_fails()
    {
        await using var node = LinkNode.Open();
        var gone = LinkNode.Open();
        var address = gone.Address;
        await gone.DisposeAsync();
        await new LinkDialler(new SocketTransport(), node.Links).DialAsync(address, address, CancellationToken.None);
        Assert.StartsWith(address, await node.Events.DialFailedAsync(), StringComparison.Ordinal);
        Assert.Equal(0, node.Links.Count);
    }

    [Fact]
    public async Task What_is_no_address_fails()
    {
        await using var node = LinkNode.Open();
        await new LinkDialler(new SocketTransport(), node.Links).DialAsync("nonsense", "nonsense", CancellationToken.None);
        Assert.Contains("is no address", await node.Events.DialFailedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_that_nobody_answers_fails_after_its_time_and_a_cancelled_one_in_silence()
    {
        var time = new ManualTimeProvider();
        var events = new LinkEvents();
        await using var links = new ClusterLinks(new LinkOptions(), events, time, NullLogger.Instance);
        var dialler = new LinkDialler(new SilentTransport(), links);
        var dialling = dialler.DialAsync("10.0.0.1:7", "10.0.0.1:7", CancellationToken.None);
        time.Advance(links.Options.ConnectTimeout - TimeSpan.FromMilliseconds(1));
        Assert.False(dialling.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1));
        await dialling;
        Assert.Contains("did not answer", await events.DialFailedAsync(), StringComparison.Ordinal);

        using var cancelled = new CancellationTokenSource();
        dialling = dialler.DialAsync("10.0.0.1:7", "10.0.0.1:7", cancelled.Token);
        await cancelled.CancelAsync();
        await dialling;
        Assert.True(events.IsEmpty);
    }

    [Fact]
    public async Task More_links_than_allowed_are_closed_at_once_and_an_ended_one_makes_room()
    {
        await using var node = LinkNode.Open(new LinkOptions { AcceptedMax = 1 });
        await using var other = LinkNode.Open();
        var (first, _) = await other.DialAsync(node);

        using var second = await node.ConnectRawAsync();
        await second.SendRawAsync(Sent.Encode(Sent.Ack(1)));
        await second.WaitForCloseAsync();
        Assert.True(node.Events.IsEmpty);

        first.Close();
        await node.Events.DisconnectedAsync();
        await Until.HoldsAsync(() => node.Links.Count == 0);
        using var third = await node.ConnectRawAsync();
        await third.SendRawAsync(Sent.Encode(Sent.Ack(1)));
        await node.Events.ConnectedAsync();
        Assert.Equal(Sent.Ack(1), await node.Events.ReceivedAsync<AppendAck>());
    }

    private sealed class SilentTransport : ITransport
    {
        public async ValueTask<IConnection> ConnectAsync(string host, int port, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            throw new IOException("Nobody answers.");
        }

        public IListener Listen(string host, int port) => throw new IOException("Nobody listens.");
    }
}
