using Kvs.Server.Access;
using Kvs.Server.Doors.Resp.Commands;
using Kvs.Server.Tests.Doors;
using Kvs.Server.Tests.Doors.Resp;
using Kvs.TestKit;
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

    [Fact]
    public async Task What_was_queued_is_judged_by_the_role_at_EXEC()
    {
        using var users = new TestUsers(TestUsers.User("ada", "write"));
        await using var server = RespFixture.Open(access: users.Open());
        using var client = await RespWire.ConnectAsync(server.Port);
        await client.AskAsync("AUTH", "ada", TestUsers.Password);
        await client.AskAsync("SET", "k", "v");
        await client.AskAsync("MULTI");
        Assert.Equal("+QUEUED|", await client.AskAsync("GET", "k"));
        Assert.Equal("+QUEUED|", await client.AskAsync("SET", "k", "w"));

        users.Write(Demoted(users));
        Assert.Equal(
            "-EXECABORT Transaction discarded because of: NOPERM this user has no permissions to run the 'set' command|",
            await client.AskAsync("EXEC"));
        Assert.Equal("-ERR EXEC without MULTI|", await client.AskAsync("EXEC"));
        Assert.Equal("$1|v|", await client.AskAsync("GET", "k"));

        await client.AskAsync("MULTI");
        Assert.Equal("+QUEUED|", await client.AskAsync("GET", "k"));
        Assert.Equal("*1|$1|v|", await client.AskAsync("EXEC"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_FLUSHALL_ends_at_its_next_step_when_its_user_may_do_it_no_more(bool staysReader)
    {
        const int Keys = 2_500;
        using var users = new TestUsers(TestUsers.User("ada", "write"), TestUsers.User("bob", "read"));
        var engine = new GatedEngine();
        await using var server = RespFixture.Open(engine: engine, access: users.Open());
        using var client = await RespWire.ConnectAsync(server.Port);
        await client.AskAsync("AUTH", "ada", TestUsers.Password);
        await client.SendAsync(RespWire.Command(["MSET", .. Enumerable.Range(0, Keys).SelectMany(key => new[] { $"key{key}", "v" })]));
        await Until.HoldsAsync(() => engine.Waiting == 1);
        engine.Release();
        Assert.Equal("+OK|", await client.ReplyAsync());

        await client.SendAsync(RespWire.Command("FLUSHALL"));
        await Until.HoldsAsync(() => engine.Waiting == 1); // its first thousand keys
        users.Write(staysReader ? Demoted(users) : UsersOf(users, "bob"));
        engine.Release();
        var reply = await client.ReplyAsync();
        Assert.StartsWith(staysReader ? "-NOPERM " : "-NOAUTH ", reply, StringComparison.Ordinal);
        Assert.EndsWith("What was done before stays done.|", reply, StringComparison.Ordinal);
        Assert.Equal(0, engine.Waiting);
        using var other = await RespWire.ConnectAsync(server.Port);
        await other.AskAsync("AUTH", "bob", TestUsers.Password);
        Assert.Equal($":{Keys - 1_000}|", await other.AskAsync("DBSIZE"));
    }

    [Fact]
    public async Task An_answer_that_is_still_being_sent_breaks_when_its_user_is_there_no_more()
    {
        const int Values = 40;
        using var users = new TestUsers(TestUsers.User("ada", "write"));
        var options = RespFixture.Options with { SendTimeout = TimeSpan.Zero };
        await using var server = RespFixture.Open(options, access: users.Open());
        using var client = await RespWire.ConnectAsync(server.Port);
        await client.AskAsync("AUTH", "ada", TestUsers.Password);
        await client.AskAsync("SET", "k", new string('x', 1024 * 1024));
        await client.SendAsync(RespWire.Command(["MGET", .. Enumerable.Repeat("k", Values)])); // and takes nothing
        await Until.HoldsAsync(() => server.Budgets.LargeAnswers.Held > 0);
        users.Write();
        await Until.HoldsAsync(() => server.Clients == 0);
        Assert.Equal(0, server.Budgets.LargeAnswers.Held);
        Assert.Equal(1, users.Log.Count("refused as 'ada': its access was changed or taken back"));
    }

    // As the command does it: hashes stay as they are, so who is in stays in.
    private static UserEntry[] Demoted(TestUsers users) =>
        [.. UsersDocument.Read(File.ReadAllBytes(users.Path)).Users.Select(static user => user with { Role = "read" })];

    private static UserEntry[] UsersOf(TestUsers users, string name) =>
        [.. UsersDocument.Read(File.ReadAllBytes(users.Path)).Users.Where(user => user.Name == name)];
}
