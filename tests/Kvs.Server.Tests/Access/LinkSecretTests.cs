using Kvs.Core.Platform;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Protocol.Cluster.Messages.Proofs;
using Kvs.Server.Access;
using Kvs.Server.Cluster.Links;
using Kvs.Server.Tests.Cluster.Links;
using Xunit;

namespace Kvs.Server.Tests.Access;

/// <summary>Links between nodes of a cluster with a secret.</summary>
public sealed class LinkSecretTests
{
    private static readonly string _one = new('a', 40);
    private static readonly string _other = new('b', 40);

    [Fact]
    public async Task Nodes_that_share_a_secret_talk()
    {
        using var users = new TestUsers();
        await using var a = LinkNode.Open(secret: users.Secret("a", _one), log: users.Log);
        await using var b = LinkNode.Open(secret: users.Secret("b", _one), log: users.Log);
        var (mine, theirs) = await a.DialAsync(b);
        theirs.Send(new TransferReady(7, 9, Accepted: true));
        var message = await a.Events.ReceivedAsync<TransferReady>();
        Assert.Equal(9UL, message.Sequence);
        mine.Close();
        Assert.Equal("", users.Log.Text);
    }

    [Fact]
    public async Task A_new_secret_is_brought_in_node_by_node()
    {
        using var users = new TestUsers();
        await using var a = LinkNode.Open(secret: users.Secret("a", _other, _one), log: users.Log);
        await using var b = LinkNode.Open(secret: users.Secret("b", _one, _other), log: users.Log);
        await a.DialAsync(b);
        await b.DialAsync(a);
        Assert.Equal("", users.Log.Text);
    }

    [Fact]
    public async Task Another_secret_is_refused_and_both_sides_say_what_to_do()
    {
        using var users = new TestUsers();
        var mine = new ListLogger();
        var theirs = new ListLogger();
        await using var a = LinkNode.Open(secret: users.Secret("a", _one), log: mine);
        await using var b = LinkNode.Open(secret: users.Secret("b", _other), log: theirs);
        await DialAsync(a, b);
        Assert.Contains("--cluster-secret-file", await a.Events.DialFailedAsync(), StringComparison.Ordinal);
        Assert.Contains("has another cluster secret", mine.Text, StringComparison.Ordinal);
        Assert.Contains("has another cluster secret", theirs.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(_one, mine.Text + theirs.Text, StringComparison.Ordinal);
        Assert.True(b.Events.IsEmpty);
    }

    [Fact]
    public async Task A_node_without_a_secret_gets_no_link_either_way()
    {
        using var users = new TestUsers();
        var bare = new ListLogger();
        await using var a = LinkNode.Open(secret: users.Secret("a", _one), log: users.Log);
        await using var b = LinkNode.Open(log: bare);
        await DialAsync(a, b);
        Assert.Contains("--cluster-secret-file", await a.Events.DialFailedAsync(), StringComparison.Ordinal);
        Assert.Contains("this node has none", bare.Text, StringComparison.Ordinal);

        await DialAsync(b, a);
        var (link, _) = await b.Events.ConnectedAsync();
        link.Send(new TransferReady(1, 0, Accepted: true));
        var goodbye = await b.Events.ReceivedAsync<Goodbye>();
        Assert.Equal(GoodbyeReason.Unproven, goodbye.Reason);
        Assert.Contains("shows no cluster secret", users.Log.Text, StringComparison.Ordinal);
        Assert.True(a.Events.IsEmpty);
    }

    // He has seen a greeting and says the same again, and he sends back what he is sent.
    [Fact]
    public async Task What_was_overheard_opens_nothing()
    {
        using var users = new TestUsers();
        var secret = users.Secret("a", _one);
        await using var node = LinkNode.Open(secret: secret, log: users.Log);
        var nonce = new UInt128(1, 2);
        using var thief = await node.ConnectRawAsync();
        await thief.SendRawAsync(Encode(new Proof(nonce, new byte[Proof.MacBytes])));
        var challenge = await thief.ReadBytesAsync(Encode(new Proof(0, new byte[Proof.MacBytes])).Length);
        await thief.SendRawAsync(Encode(new Proof(nonce, secret.Prove(LinkEndRole.Dialler, new byte[2 * ClusterSecret.NonceBytes]))));
        await thief.ReadBytesAsync(Encode(new Goodbye(0, GoodbyeReason.Unproven, 0)).Length);

        using var echo = await node.ConnectRawAsync();
        await echo.SendRawAsync(challenge);
        await echo.SendRawAsync(await echo.ReadBytesAsync(challenge.Length));
        await echo.ReadBytesAsync(Encode(new Goodbye(0, GoodbyeReason.Unproven, 0)).Length);
        Assert.True(node.Events.IsEmpty);
        Assert.Equal(2, users.Log.Count("has another cluster secret"));
    }

    private static byte[] Encode(ClusterMessage message)
    {
        var buffer = new Core.Protocol.FrameBuffer();
        Core.Protocol.Cluster.LinkEncoder.Write(buffer, message);
        return buffer.Written.ToArray();
    }

    private static Task DialAsync(LinkNode from, LinkNode to) =>
        new LinkDialler(new SocketTransport(), from.Links).DialAsync(to.Address, to.Address, CancellationToken.None);
}
