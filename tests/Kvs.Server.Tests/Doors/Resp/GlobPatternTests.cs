using System.Text;
using Kvs.Server.Doors.Resp.Wire;
using Xunit;

namespace Kvs.Server.Tests.Doors.Resp;

/// <summary>Patterns of KEYS and SCAN. The differential test asks Redis itself the same.</summary>
public sealed class GlobPatternTests
{
    [Theory]
    [InlineData("*", "", true)]
    [InlineData("*", "abc", true)]
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    [InlineData("a*c", "abbc", true)]
    [InlineData("a*c", "abb", false)]
    [InlineData("a**c", "ac", true)]
    [InlineData("*a*b*", "xxaxxbxx", true)]
    [InlineData("?", "a", true)]
    [InlineData("?", "", false)]
    [InlineData("h[ae]llo", "hello", true)]
    [InlineData("h[ae]llo", "hillo", false)]
    [InlineData("h[^e]llo", "hello", false)]
    [InlineData("h[^e]llo", "hallo", true)]
    [InlineData("[a-c]", "b", true)]
    [InlineData("[c-a]", "b", true)]
    [InlineData("[a-c]", "d", false)]
    [InlineData("[a\\-c]", "-", true)]
    [InlineData("[a\\-c]", "b", false)]
    [InlineData("[]", "a", false)]
    [InlineData("[^]", "a", true)]
    [InlineData("[abc", "a", true)]
    [InlineData("\\*", "*", true)]
    [InlineData("\\*", "a", false)]
    [InlineData("a\\", "a\\", true)]
    [InlineData("a\\", "a", false)]
    public void A_text_has_a_pattern_or_not(string pattern, string text, bool matches) =>
        Assert.Equal(matches, GlobPattern.Matches(Encoding.Latin1.GetBytes(pattern), Encoding.Latin1.GetBytes(text)));

    [Fact]
    public void A_pattern_of_many_stars_takes_no_longer_than_pattern_times_text()
    {
        // Tried branch by branch this would outlast the test run.
        var pattern = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("a*", 100)) + "b");
        Assert.False(GlobPattern.Matches(pattern, Encoding.ASCII.GetBytes(new string('a', 10_000))));
    }

    [Theory]
    [InlineData("user:*", "user:")]
    [InlineData("us?r", "us")]
    [InlineData("a\\*", "a")]
    [InlineData("[a]", "")]
    [InlineData("whole", "whole")]
    public void Keys_with_a_pattern_begin_with_its_fixed_bytes(string pattern, string prefix) =>
        Assert.Equal(prefix, Encoding.ASCII.GetString(GlobPattern.PrefixOf(Encoding.ASCII.GetBytes(pattern))));
}
