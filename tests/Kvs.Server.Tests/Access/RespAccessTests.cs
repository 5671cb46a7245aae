using Kvs.Server.Doors.Resp.Commands;
using Kvs.Server.Tests.Doors.Resp;
using Xunit;

namespace Kvs.Server.Tests.Access;

/// <summary>The Redis door of a server with users.</summary>
public sealed class RespAccessTests
{
    private const string NoAuth = "-NOAUTH Authentication required.|";

    public static TheoryData<string> Commands =>
        [.. Catalogue.NewTable().All.SelectMany(command => command.Children?.All ?? [command]).Select(command => command.Name)];

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Each_command_needs_its_role(string name)
    {
        var table = Catalogue.NewTable();
        var command = table.All.SelectMany(one => one.Children?.All ?? [one]).Single(one => one.Name == name);
        string[] words = [.. name.Split('|'), .. Enumerable.Repeat("1", Math.Abs(command.Arity) - name.Split('|').Length)];
        using var users = new TestUsers(
            TestUsers.User("r1", "read"), TestUsers.User("r2", "write"), TestUsers.User("r3", "admin"));
        await using var server = RespFixture.Open(access: users.Open());
        using (var stranger = await RespWire.ConnectAsync(server.Port))
        {
            Assert.Equal(command.Has(CommandTraits.NoAuth), await stranger.AskAsync(words) != NoAuth);
        }

        for (var role = 1; role <= 3; role++)
        {
            using var client = await RespWire.ConnectAsync(server.Port);
            Assert.Equal("+OK|", await client.AskAsync("AUTH", $"r{role}", TestUsers.Password));
            var isDenied = (await client.AskAsync(words)).StartsWith("-NOPERM ", StringComparison.Ordinal);
            Assert.Equal((int)command.Needs > role && !command.Has(CommandTraits.NoAuth), isDenied);
        }
    }

    [Fact]
    public async Task A_stranger_says_who_it_is_and_a_wrong_password_changes_nothing()
    {
        using var users = new TestUsers(TestUsers.User("default", "read"), TestUsers.User("ada", "write"));
        await using var server = RespFixture.Open(access: users.Open());
        using var client = await RespWire.ConnectAsync(server.Port);
        Assert.Equal(NoAuth, await client.AskAsync("GET", "k"));
        Assert.Equal(NoAuth, await client.AskAsync("MULTI"));
        Assert.StartsWith("-NOAUTH HELLO must be called", await client.AskAsync("HELLO", "3"), StringComparison.Ordinal);
        Assert.Equal($"-{RespErrors.WrongPassword}|", await client.AskAsync("AUTH", "ada", "no"));
        Assert.Equal(NoAuth, await client.AskAsync("GET", "k"));
        Assert.Equal("+OK|", await client.AskAsync("AUTH", TestUsers.Password)); // the user default
        Assert.Equal("$-1|", await client.AskAsync("GET", "k"));
        Assert.Equal(
            "-NOPERM this user has no permissions to run the 'set' command|", await client.AskAsync("SET", "k", "v"));
        Assert.Equal($"-{RespErrors.WrongPassword}|", await client.AskAsync("HELLO", "3", "AUTH", "ada", "no"));
        Assert.Equal("$-1|", await client.AskAsync("GET", "k"));
        Assert.StartsWith("%7|", await client.AskAsync("HELLO", "3", "AUTH", "ada", TestUsers.Password), StringComparison.Ordinal);
        Assert.Equal("+OK|", await client.AskAsync("SET", "k", "v"));
        Assert.Contains("user=ada ", await client.AskAsync("CLIENT", "INFO"), StringComparison.Ordinal);
        Assert.Equal("+RESET|", await client.AskAsync("RESET"));
        Assert.Equal(NoAuth, await client.AskAsync("GET", "k"));
    }

    [Fact]
    public async Task A_command_that_is_denied_breaks_a_transaction()
    {
        using var users = new TestUsers(TestUsers.User("reader", "read"));
        await using var server = RespFixture.Open(access: users.Open());
        using var client = await RespWire.ConnectAsync(server.Port);
        await client.AskAsync("AUTH", "reader", TestUsers.Password);
        await client.AskAsync("MULTI");
        Assert.StartsWith("-NOPERM ", await client.AskAsync("SET", "k", "v"), StringComparison.Ordinal);
        Assert.StartsWith("-EXECABORT ", await client.AskAsync("EXEC"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stranger_may_send_little()
    {
        using var users = new TestUsers(TestUsers.User("ada", "write"));
        await using var server = RespFixture.Open(access: users.Open());
        using var client = await RespWire.ConnectAsync(server.Port);
        Assert.Equal(
            "-ERR Protocol error: unauthenticated multibulk length|",
            await client.AskAsync([.. Enumerable.Repeat("x", 11)]));
        Assert.Equal("(closed)", await client.ReplyAsync());
    }

    [Fact]
    public async Task A_user_that_is_there_no_more_is_refused()
    {
        using var users = new TestUsers(TestUsers.User("ada", "write"), TestUsers.User("bob", "write"));
        await using var server = RespFixture.Open(access: users.Open());
        using var client = await RespWire.ConnectAsync(server.Port);
        await client.AskAsync("AUTH", "ada", TestUsers.Password);
        Assert.Equal("+OK|", await client.AskAsync("SET", "k", "v"));
        users.Write(TestUsers.User("bob", "write"));
        var reply = await client.AskAsync("SET", "k", "w");
        Assert.True(reply is NoAuth or "(closed)", reply); // whether the door or the session sees it first
        Assert.True(reply == "(closed)" || await client.AskAsync("GET", "k") is NoAuth or "(closed)");
        using var other = await RespWire.ConnectAsync(server.Port);
        await other.AskAsync("AUTH", "bob", TestUsers.Password);
        Assert.Equal("$1|v|", await other.AskAsync("GET", "k"));
    }
}
