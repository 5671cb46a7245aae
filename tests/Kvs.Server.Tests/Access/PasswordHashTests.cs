using Kvs.Server.Access;
using Xunit;

namespace Kvs.Server.Tests.Access;

public sealed class PasswordHashTests
{
    private static readonly byte[] _password = "correct horse"u8.ToArray();

    [Fact]
    public void The_password_fits_its_hash_and_the_text_of_it_and_no_other_does()
    {
        var hash = PasswordHash.New(_password, PasswordHash.RoundsMin);
        Assert.True(PasswordHash.TryParse(hash.Text, out var read));
        Assert.True(hash.Fits(_password) && read!.Fits(_password));
        Assert.False(read!.Fits("correct hors"u8) || read.Fits([]) || read.Fits("correct horse "u8));
        Assert.False(PasswordHash.OfNobody(PasswordHash.RoundsMin).Fits(_password));
    }

    // Made by another program (Python's hashlib): what is in a file today is readable for ever.
    [Fact]
    public void A_text_of_another_maker_is_read()
    {
        const string Text = "pbkdf2-sha256$1000$AAECAwQFBgcICQoLDA0ODw==$yRTMTwbMbo9G0VfjobWqerzuuxe7BETNTErBbKKumGQ=";
        Assert.True(PasswordHash.TryParse(Text, out var hash));
        Assert.True(hash!.Fits(_password));
        Assert.Equal(Text, hash.Text);
    }

    [Fact]
    public void Each_hash_has_a_salt_of_its_own_and_a_new_one_takes_600000_rounds()
    {
        var texts = Enumerable.Range(0, 3).Select(_ => PasswordHash.New(_password, PasswordHash.RoundsMin).Text).ToHashSet();
        Assert.Equal(3, texts.Count);
        Assert.StartsWith("pbkdf2-sha256$600000$", PasswordHash.New(_password).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("correct horse")]
    [InlineData("pbkdf2-sha1$1000$AAECAwQFBgcICQoLDA0ODw==$yRTMTwbMbo9G0VfjobWqerzuuxe7BETNTErBbKKumGQ=")]
    [InlineData("pbkdf2-sha256$999$AAECAwQFBgcICQoLDA0ODw==$yRTMTwbMbo9G0VfjobWqerzuuxe7BETNTErBbKKumGQ=")]
    [InlineData("pbkdf2-sha256$10000001$AAECAwQFBgcICQoLDA0ODw==$yRTMTwbMbo9G0VfjobWqerzuuxe7BETNTErBbKKumGQ=")]
    [InlineData("pbkdf2-sha256$-1000$AAECAwQFBgcICQoLDA0ODw==$yRTMTwbMbo9G0VfjobWqerzuuxe7BETNTErBbKKumGQ=")]
    [InlineData("pbkdf2-sha256$1000$AAEC$yRTMTwbMbo9G0VfjobWqerzuuxe7BETNTErBbKKumGQ=")]
    [InlineData("pbkdf2-sha256$1000$AAECAwQFBgcICQoLDA0ODw==$AAEC")]
    [InlineData("pbkdf2-sha256$1000$AAECAwQFBgcICQoLDA0ODw==$yRTMTwbMbo9G0VfjobWqerzuuxe7BETNTErBbKKumGQ=$")]
    [InlineData("pbkdf2-sha256$1000$?$?")]
    public void What_is_no_hash_is_refused(string text) => Assert.False(PasswordHash.TryParse(text, out _));
}
