using System.Text;
using Kvs.Core.Primitives;
using Kvs.Server.Access;
using Xunit;

namespace Kvs.Server.Tests.Access;

/// <summary>Who comes in by a users' file, and what becomes of it when the file changes.</summary>
public sealed class UsersAccessTests
{
    private const string Peer = "10.0.0.9:1234";

    [Fact]
    public async Task The_right_password_gives_the_user_and_any_other_nothing_but_a_line_in_the_log()
    {
        using var users = new TestUsers(TestUsers.User("alice", "write"), TestUsers.User("bob", "read", "another one"));
        var access = users.Open();
        var alice = await ByPasswordAsync(access, "alice", TestUsers.Password);
        Assert.Equal(("alice", Role.Write), (alice!.Name, alice.Role));
        Assert.Null(access.Stranger);

        Assert.Null(await ByPasswordAsync(access, "alice", "another one"));
        Assert.Null(await ByPasswordAsync(access, "alice", ""));
        Assert.Null(await ByPasswordAsync(access, "Alice", TestUsers.Password));
        Assert.Null(await ByPasswordAsync(access, "carol", TestUsers.Password));
        Assert.Equal(2, users.Log.Count($"{Peer} refused as 'alice'"));
        Assert.DoesNotContain("another one", users.Log.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(TestUsers.Password, users.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_gives_its_name_and_role_and_any_other_nothing()
    {
        using var users = new TestUsers();
        var access = users.Open();
        var program = access.ByToken(Encoding.UTF8.GetBytes(TestUsers.Token), Peer);
        Assert.Equal(("program", Role.Write), (program!.Name, program.Role));
        Assert.Null(access.ByToken("kvs_other"u8, Peer));
        Assert.Null(access.ByToken(Encoding.UTF8.GetBytes(TokenHash.Of(TestUsers.Token)), Peer));
        Assert.DoesNotContain("kvs_other", users.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Drawn_tokens_differ_and_have_256_bits()
    {
        var tokens = Enumerable.Range(0, 100).Select(_ => TokenHash.NewToken()).ToHashSet();
        Assert.Equal(100, tokens.Count);
        Assert.All(tokens, token => Assert.Equal("kvs_".Length + 43, token.Length));
    }

    [Fact]
    public async Task A_user_who_is_taken_out_is_nobody_a_second_later_and_one_who_changes_role_has_it()
    {
        using var users = new TestUsers(TestUsers.User("alice", "admin"), TestUsers.User("bob", "admin"));
        var access = users.Open();
        var alice = (await ByPasswordAsync(access, "alice", TestUsers.Password))!;
        var bob = (await ByPasswordAsync(access, "bob", TestUsers.Password))!;
        Assert.Same(bob, access.Renew(bob));

        // As the command does it: bob's hash stays as it is.
        var document = UsersDocument.Read(await File.ReadAllBytesAsync(users.Path));
        users.Write(document with { Users = [document.Users[1] with { Role = "read" }] });
        Assert.Null(access.Renew(alice));
        Assert.Equal(Role.Read, access.Renew(bob)!.Role);
        Assert.Null(await ByPasswordAsync(access, "alice", TestUsers.Password));
    }

    [Fact]
    public async Task Who_got_in_by_an_old_password_is_nobody_when_there_is_a_new_one()
    {
        using var users = new TestUsers(TestUsers.User("alice", "admin"));
        var access = users.Open();
        var alice = (await ByPasswordAsync(access, "alice", TestUsers.Password))!;
        users.Write(TestUsers.User("alice", "admin", "a new password"));
        Assert.Null(access.Renew(alice));
        Assert.Null(await ByPasswordAsync(access, "alice", TestUsers.Password));
        Assert.NotNull(await ByPasswordAsync(access, "alice", "a new password"));
    }

    [Fact]
    public async Task A_broken_file_is_told_once_and_the_one_before_stays()
    {
        using var users = new TestUsers(TestUsers.User("alice", "admin"));
        var access = users.Open();
        var alice = (await ByPasswordAsync(access, "alice", TestUsers.Password))!;
        for (var i = 0; i < 3; i++)
        {
            users.WriteText("{ \"users\": [ { \"name\": \"alice\", \"password\": \"hunter2\" } ] }");
            Assert.Same(alice, access.Renew(alice));
        }

        File.Delete(users.Path);
        users.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Same(alice, access.Renew(alice));
        Assert.Equal(2, users.Log.Count("stays in force"));
        Assert.Contains(users.Path, users.Log.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", users.Log.Text, StringComparison.Ordinal);

        users.Write(TestUsers.User("bob", "read"));
        Assert.Null(access.Renew(alice));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{ \"user\": [] }")]
    [InlineData("{ \"users\": [ null ] }")]
    [InlineData("{ \"tokens\": [ null ] }")]
    [InlineData("{ \"users\": null }")]
    [InlineData("{ \"users\": [ { \"name\": null, \"role\": \"read\" } ] }")]
    [InlineData("{ \"users\": [ { \"name\": \"a\", \"role\": \"read\", \"certificates\": [ null ] } ] }")]
    [InlineData("{ \"users\": [ { \"name\": \"a\", \"role\": \"root\" } ] }")]
    [InlineData("{ \"users\": [ { \"name\": \"a\", \"role\": \"read\", \"pasword\": \"x\" } ] }")]
    [InlineData("{ \"users\": [ { \"name\": \"a\", \"role\": \"read\", \"password\": \"sesame\" } ] }")]
    [InlineData("{ \"users\": [ { \"name\": \"a:b\", \"role\": \"read\" } ] }")]
    [InlineData("{ \"users\": [ { \"name\": \"\", \"role\": \"read\" } ] }")]
    [InlineData("{ \"users\": [ { \"name\": \"a\", \"role\": \"read\" }, { \"name\": \"a\", \"role\": \"read\" } ] }")]
    [InlineData("{ \"tokens\": [ { \"name\": \"a\", \"role\": \"read\", \"hash\": \"sesame\" } ] }")]
    [InlineData("{ \"users\": [ { \"name\": \"a\", \"role\": \"read\", \"certificates\": [\"CN=x\"] }, { \"name\": \"b\", \"role\": \"read\", \"certificates\": [\"CN=x\"] } ] }")]
    public void A_file_that_means_nothing_is_refused_without_what_is_in_it(string text)
    {
        var failure = Assert.Throws<KvsConfigurationException>(() => AccessTable.Parse(Encoding.UTF8.GetBytes(text)));
        Assert.DoesNotContain("sesame", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_right_password_is_remembered_as_long_as_the_file_stays_and_a_wrong_one_never()
    {
        var bytes = new UsersDocument { Users = [TestUsers.User("alice", "read")] }.Write();
        var table = AccessTable.Parse(bytes);
        var password = Encoding.UTF8.GetBytes(TestUsers.Password);
        Assert.Null(table.Recall("alice", password));
        Assert.Null(table.Judge("alice", "wrong"u8));
        Assert.Null(table.Recall("alice", "wrong"u8));
        Assert.NotNull(table.Judge("alice", password));
        Assert.NotNull(table.Recall("alice", password));
        Assert.Null(table.Recall("alice", "wrong"u8));
        Assert.Null(table.Recall("bob", password));
        Assert.Null(AccessTable.Parse(bytes).Recall("alice", password));
    }

    [Theory]
    [InlineData(PasswordHash.RoundsMin)]
    [InlineData(5_000)]
    public void Who_is_not_there_costs_as_many_rounds_as_who_is(int rounds)
    {
        var user = TestUsers.User("alice", "read") with { Password = PasswordHash.New("password"u8, rounds).Text };
        var table = AccessTable.Parse(new UsersDocument { Users = [user] }.Write());
        Assert.Equal(rounds, table.RoundsOfNobody);
        Assert.Equal(PasswordHash.RoundsDefault, AccessTable.Parse(new UsersDocument().Write()).RoundsOfNobody);
    }

    [Fact]
    public async Task Two_passwords_are_judged_at_once_some_wait_and_one_more_is_refused()
    {
        using var gate = new ManualResetEventSlim();
        using var begun = new CountdownEvent(PasswordLine.AtOnce);
        var running = 0;
        var line = new PasswordLine();
        var waiting = Enumerable.Range(0, PasswordLine.AtOnce + PasswordLine.WaitingMax).Select(_ => line.RunAsync(Judge)).ToList();
        begun.Wait();
        var refused = await Assert.ThrowsAsync<KvsUnavailableException>(() => line.RunAsync(Judge));
        Assert.Equal(ErrorCode.Overloaded, refused.Code);
        gate.Set();
        await Task.WhenAll(waiting);
        Assert.Same(Identity.Anyone, await line.RunAsync(Judge));

        Identity? Judge()
        {
            Assert.InRange(Interlocked.Increment(ref running), 1, PasswordLine.AtOnce);
            if (!begun.IsSet)
            {
                begun.Signal();
            }

            gate.Wait();
            Interlocked.Decrement(ref running);
            return Identity.Anyone;
        }
    }

    [Fact]
    public async Task Refusals_fill_no_log_and_a_name_is_one_line_of_it()
    {
        using var users = new TestUsers();
        var access = users.Open();
        await ByPasswordAsync(access, "eve\n2026 INF all is well\u2028\u001b[2J" + new string('x', 1000), "x");
        Assert.Contains("eve?2026 INF all is well??[2J", users.Log.Text, StringComparison.Ordinal);
        Assert.Single(users.Log.Text.Split('\n'));
        Assert.True(users.Log.Text.Length < 300);
        for (var i = 0; i < 100; i++)
        {
            access.ByToken("nothing"u8, Peer);
        }

        Assert.Equal(LogQuota.LinesMax, users.Log.Count("Warning: "));
        Assert.Equal(91, users.Log.Count("Debug: "));
        users.Time.Advance(LogQuota.While);
        access.ByToken("nothing"u8, Peer);
        Assert.Equal(1, users.Log.Count("91 more refusals"));
    }

    [Fact]
    public void A_node_is_one_by_the_secret_only()
    {
        using var users = new TestUsers();
        var secret = users.Secret("new", new string('b', 40), new string('a', 40));
        var access = users.Open(secret);
        Assert.Same(Identity.Node, access.ByNodeProof(secret.ForwardProof, Peer));
        Assert.Same(Identity.Node, access.ByNodeProof(users.Secret("old", new string('a', 40)).ForwardProof, Peer));
        Assert.Null(access.ByNodeProof(users.Secret("other", new string('c', 40)).ForwardProof, Peer));
        Assert.Null(access.ByNodeProof([], Peer));
        Assert.Null(users.Open().ByNodeProof(secret.ForwardProof, Peer));
        Assert.Throws<KvsConfigurationException>(() => users.Secret("short", new string('a', 31)));
        Assert.Throws<KvsConfigurationException>(() => users.Secret("empty"));
    }

    private static ValueTask<Identity?> ByPasswordAsync(UsersAccess access, string user, string password) =>
        access.ByPasswordAsync(user, Encoding.UTF8.GetBytes(password), Peer);
}
