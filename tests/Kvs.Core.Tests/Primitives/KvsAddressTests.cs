using Kvs.Core.Primitives;
using Xunit;

namespace Kvs.Core.Tests.Primitives;

public sealed class KvsAddressTests
{
    [Theory]
    [InlineData("127.0.0.1:4000", "127.0.0.1", 4000)]
    [InlineData("localhost:0", "localhost", 0)]
    [InlineData("kvs-1.example.org:65535", "kvs-1.example.org", 65535)]
    [InlineData("[::1]:4000", "::1", 4000)]
    [InlineData("[fe80::1%eth0]:4000", "fe80::1%eth0", 4000)]
    public void A_host_with_a_port_is_read_and_written_back(string text, string host, int port)
    {
        Assert.True(KvsAddress.TryParse(text, out var address));
        Assert.Equal(new KvsAddress(host, port), address);
        Assert.Equal(text, address.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("localhost")]
    [InlineData("localhost:")]
    [InlineData(":4000")]
    [InlineData("localhost:65536")]
    [InlineData("localhost:-1")]
    [InlineData("localhost:+1")]
    [InlineData("localhost: 1")]
    [InlineData("localhost:1x")]
    [InlineData("local host:1")]
    [InlineData("http://localhost:1")]
    [InlineData("127.0.0:1")]
    [InlineData("999.0.0.1:1")]
    [InlineData("4000:1")]
    [InlineData("::1:4000")]
    [InlineData("[127.0.0.1]:4000")]
    [InlineData("[::1]4000")]
    [InlineData("[::1:4000")]
    [InlineData("[]:4000")]
    public void Anything_else_is_no_address(string text) => Assert.False(KvsAddress.TryParse(text, out _));

    [Fact]
    public void A_list_keeps_its_order_and_fails_as_a_whole()
    {
        Assert.True(KvsAddress.TryParseList("a:1, [::1]:2", out var addresses));
        Assert.Equal([new KvsAddress("a", 1), new KvsAddress("::1", 2)], addresses);
        Assert.False(KvsAddress.TryParseList("a:1,,b:2", out addresses));
        Assert.Empty(addresses);
    }
}
