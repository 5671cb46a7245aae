using System.Text;
using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Commands.CommandLine.Operands;
using Kvs.Client.Tests.Harness;
using Kvs.Core.Client;
using Xunit;

namespace Kvs.Client.Tests.Access;

/// <summary>How a user says who he is and asks for TLS.</summary>
public sealed class AccessOptionsTests
{
    private readonly FakeConsoleIo _io = new();

    public AccessOptionsTests()
    {
        _io.Files["p"] = Encoding.UTF8.GetBytes("sesame\n");
        _io.Files["t"] = Encoding.UTF8.GetBytes("kvs_token\r\n");
        _io.Files["empty"] = Encoding.UTF8.GetBytes("\n");
    }

    [Fact]
    public void Without_any_nothing_is_said()
    {
        Assert.Null(Read().Credentials);
        Assert.Null(Read().Tls);
    }

    [Theory]
    [InlineData("user alice", "sesame", "--user", "alice", "--password-file", "p")]
    [InlineData("a token", "kvs_token", "--token-file", "t")]
    public void What_is_said_on_the_command_line_goes_before_the_environment(string who, string secret, params string[] args)
    {
        _io.Variables["KVS_TOKEN"] = "kvs_of-the-environment";
        _io.Variables["KVS_USER"] = "bob";
        _io.Variables["KVS_PASSWORD"] = "of-the-environment";
        Assert.Equal((who, secret), Shown(Read(args).Credentials));
    }

    [Fact]
    public void Variables_are_enough_and_a_name_and_a_password_may_come_from_two_places()
    {
        _io.Variables["KVS_PASSWORD"] = "of-the-environment";
        Assert.Null(Read().Credentials);
        Assert.Equal(("user alice", "of-the-environment"), Shown(Read("--user", "alice").Credentials));
        _io.Variables["KVS_USER"] = "bob";
        Assert.Equal(("user bob", "of-the-environment"), Shown(Read().Credentials));
        Assert.Equal(("user bob", "sesame"), Shown(Read("--password-file", "p").Credentials));
        _io.Variables["KVS_TOKEN"] = "kvs_x";
        Assert.Equal(("a token", "kvs_x"), Shown(Read().Credentials));
    }

    [Theory]
    [InlineData("needs a password", "--user", "alice")]
    [InlineData("needs --user", "--password-file", "p")]
    [InlineData("not both", "--user", "alice", "--token-file", "t")]
    [InlineData("not both", "--password-file", "p", "--token-file", "t")]
    [InlineData("cannot read 'none'", "--token-file", "none")]
    [InlineData("'empty' holds no password", "--user", "alice", "--password-file", "empty")]
    public void What_makes_no_sense_is_refused(string says, params string[] args)
    {
        var complaint = Assert.Throws<InputException>(() => Read(args));
        Assert.Contains(says, complaint.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", complaint.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_of_its_options_asks_for_tls()
    {
        Assert.Equal(new KvsTls(), Read("--tls").Tls);
        Assert.Equal(new KvsTls { CaFile = "ca", CertificateFile = "c", KeyFile = "k" },
            Read("--tls-ca", "ca", "--tls-cert", "c", "--tls-key", "k").Tls);
        _io.Variables["KVS_TLS_CA"] = "of-the-environment";
        Assert.Equal(new KvsTls { CaFile = "of-the-environment" }, Read().Tls);
        _io.Variables["KVS_TLS_CA"] = "";
        _io.Variables["KVS_TLS"] = "1";
        Assert.Equal(new KvsTls(), Read().Tls);
        _io.Variables["KVS_TLS"] = "yes";
        Assert.Throws<InputException>(() => Read());
    }

    [Fact]
    public void The_text_of_settings_shows_no_secret() =>
        Assert.DoesNotContain("sesame", Read("--user", "alice", "--password-file", "p").ToString(), StringComparison.Ordinal);

    private static (string Who, string Secret) Shown(KvsCredentials? credentials) =>
        ($"{credentials}", Encoding.UTF8.GetString(credentials!.Request.Secret.Span));

    private CommonSettings Read(params string[] args)
    {
        string[] all = ["ping", .. args];
        var tree = new CommandTree(all);
        return tree.Common.Read(tree.Parse(all), _io);
    }
}
