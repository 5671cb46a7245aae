using System.Text;
using Kvs.Core.Primitives;
using Xunit;

namespace Kvs.Core.Tests.Primitives;

public sealed class StateDigestTests
{
    [Theory]
    [InlineData("", 0xCBF29CE484222325)]
    [InlineData("a", 0xAF63DC4C8601EC8C)]
    [InlineData("foobar", 0x85944171F73967E8)]
    public void The_hash_is_that_of_its_published_examples(string text, ulong hash) =>
        Assert.Equal(hash, Fnv1A.Fold(Fnv1A.Basis, Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void The_order_of_keys_does_not_matter_and_everything_else_does()
    {
        var digest = Of(("a", 1, 0), ("b", 2, 7));
        Assert.True(digest.IsSame(Of(("b", 2, 7), ("a", 1, 0))));
        Assert.False(digest.IsSame(Of(("a", 1, 0))));
        Assert.False(digest.IsSame(Of(("a", 2, 0), ("b", 2, 7))));
        Assert.False(digest.IsSame(Of(("a", 1, 0), ("b", 2, 8))));
        Assert.False(digest.IsSame(Of(("a", 1, 0), ("c", 2, 7))));
    }

    [Fact]
    public void A_key_that_is_written_anew_stays_in_its_part() =>
        Assert.Equal(1, Of(("a", 1, 0), ("b", 2, 0)).DifferingParts(Of(("a", 1, 0), ("b", 3, 5))));

    private static StateDigest Of(params (string Key, ulong Sequence, long Expiry)[] entries)
    {
        var digest = new StateDigest(parts: 1024);
        foreach (var (key, sequence, expiry) in entries)
        {
            digest.Add(Encoding.UTF8.GetBytes(key), sequence, expiry);
        }

        return digest;
    }
}
