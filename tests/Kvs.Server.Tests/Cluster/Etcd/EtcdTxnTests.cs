using Kvs.Server.Cluster.Etcd.Keys;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Server.Tests.Cluster.Etcd;

/// <summary>What keys and transactions look like on the wire.</summary>
public sealed class EtcdTxnTests
{
    [Theory]
    [InlineData("/kvs/", "/kvs0")]
    [InlineData("a", "b")]
    public void A_prefix_ends_at_the_first_key_that_begins_otherwise(string prefix, string until)
    {
        var keys = EtcdKeys.Prefix(prefix);

        Assert.Equal(prefix, keys.From.ToStringUtf8());
        Assert.Equal(until, keys.Until.ToStringUtf8());
    }

    [Fact]
    public void A_prefix_that_ends_in_the_last_byte_of_a_long_character_has_an_end()
    {
        Assert.Equal([0xC3, 0xBF], EtcdKeys.Prefix("\u00ff").From.ToByteArray());
        Assert.Equal([0xC3, 0xC0], EtcdKeys.Prefix("\u00ff").Until.ToByteArray());
    }

    [Fact]
    public void An_empty_prefix_or_key_is_refused()
    {
        Assert.Throws<ArgumentException>(() => EtcdKeys.Prefix(""));
        Assert.Throws<ArgumentException>(() => EtcdKeys.One(""));
        Assert.Throws<ArgumentException>(() => new EtcdTxn().Put("", "v"u8));
    }
}
