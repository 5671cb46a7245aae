using System.Text;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;
using Kvs.Server.Tests.Doors;
using Xunit;

namespace Kvs.Server.Tests.Access;

/// <summary>The binary door of a server with users.</summary>
public sealed class TcpAccessTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    /// <summary>Each request and the role that it needs: 0 for none.</summary>
    public static TheoryData<byte, int> Opcodes
    {
        get
        {
            var all = new TheoryData<byte, int>();
            foreach (var opcode in Enum.GetValues<Opcode>().Where(Core.Protocol.Opcodes.IsRequest))
            {
                all.Add((byte)opcode, opcode switch
                {
                    Opcode.Hello or Opcode.Ping or Opcode.Auth or Opcode.ScanCredit or Opcode.ScanCancel => 0,
                    Opcode.Set or Opcode.Remove or Opcode.Increment or Opcode.Expire or Opcode.Persist or Opcode.Batch => 2,
                    Opcode.Compact or Opcode.ClusterPromote or Opcode.ClusterTransfer or Opcode.ClusterLeave
                        or Opcode.ClusterForcePromote or Opcode.ClusterDigest or Opcode.SlowLog => 3,
                    _ => 1,
                });
            }

            return all;
        }
    }

    // Refused before its body is looked at; a body that is empty closes the connection where that is wrong, with another code.
    [Theory]
    [MemberData(nameof(Opcodes))]
    public async Task Each_request_needs_its_role(byte opcode, int needed)
    {
        if (needed == 0)
        {
            return;
        }

        using var users = new TestUsers(
            TestUsers.User("r1", "read"), TestUsers.User("r2", "write"), TestUsers.User("r3", "admin"));
        await using var server = DoorFixture.Open(access: users.Open());
        using (var stranger = await WireClient.ConnectAsync(server.Port))
        {
            await stranger.Empty(2, (Opcode)opcode).SendAsync();
            await stranger.ReadCodeAsync(2, ErrorCode.Unauthenticated);
        }

        for (var role = 1; role <= 3; role++)
        {
            using var client = await WireClient.ConnectAsync(server.Port);
            await Auth(client, 2, $"r{role}").Empty(3, (Opcode)opcode).SendAsync();
            await client.ReadCodeAsync(2, ErrorCode.None);
            var answer = await client.ReadAsync();
            var code = WireClient.CodeOf(answer, out _);
            Assert.Equal(role < needed, code == ErrorCode.PermissionDenied);
            Assert.NotEqual(ErrorCode.Unauthenticated, code);
        }
    }

    [Fact]
    public async Task A_reader_reads_and_what_he_writes_is_not_there()
    {
        using var users = new TestUsers(TestUsers.User("reader", "read"), TestUsers.User("writer", "write"));
        await using var server = DoorFixture.Open(access: users.Open());
        using var writer = await WireClient.ConnectAsync(server.Port);
        await Auth(writer, 2, "writer").Set(3, "a", "1").Get(4, "a").SendAsync();
        await writer.ReadCodeAsync(2, ErrorCode.None);
        await writer.ReadAppliedAsync(3);
        Assert.Equal("1", await writer.ReadValueAsync(4));

        using var reader = await WireClient.ConnectAsync(server.Port);
        await Auth(reader, 2, "reader").Set(3, "a", "2").Write(4, Operation.Remove("a", null)).Get(5, "a").SendAsync();
        await reader.ReadCodeAsync(2, ErrorCode.None);
        var refused = WireClient.ErrorOf(await reader.ReadCodeAsync(3, ErrorCode.PermissionDenied));
        Assert.Equal(WriteOutcome.NotApplied, refused.Outcome);
        Assert.Contains("reader has the role read", refused.Text, StringComparison.Ordinal);
        await reader.ReadCodeAsync(4, ErrorCode.PermissionDenied);
        Assert.Equal("1", await reader.ReadValueAsync(5));
    }

    [Fact]
    public async Task A_wrong_password_says_nothing_and_leaves_a_stranger_whoever_it_was()
    {
        using var users = new TestUsers(TestUsers.User("alice", "admin"));
        await using var server = DoorFixture.Open(access: users.Open());
        using var client = await WireClient.ConnectAsync(server.Port);
        await Auth(client, 2, "alice", "wrong").Get(3, "a").SendAsync();
        await Auth(client, 4, "nobody").SendAsync();
        var wrong = WireClient.ErrorOf(await client.ReadCodeAsync(2, ErrorCode.Unauthenticated)).Text;
        await client.ReadCodeAsync(3, ErrorCode.Unauthenticated);
        Assert.Equal(wrong, WireClient.ErrorOf(await client.ReadCodeAsync(4, ErrorCode.Unauthenticated)).Text);

        await Auth(client, 5, "alice").Get(6, "a").SendAsync();
        await client.ReadCodeAsync(5, ErrorCode.None);
        Assert.Null(await client.ReadValueAsync(6));
        await Auth(client, 7, "alice", "wrong").Get(8, "a").SendAsync();
        await client.ReadCodeAsync(7, ErrorCode.Unauthenticated);
        await client.ReadCodeAsync(8, ErrorCode.Unauthenticated);
    }

    [Fact]
    public async Task A_token_is_enough_and_a_sign_of_life_needs_none()
    {
        using var users = new TestUsers();
        await using var server = DoorFixture.Open(access: users.Open());
        using var client = await WireClient.ConnectAsync(server.Port);
        await client.Empty(2, Opcode.Ping).Write(target => new AuthRequest(
            AuthKind.Token, "", Encoding.UTF8.GetBytes(TestUsers.Token)).Write(target, 3, default)).Set(4, "a", "1").SendAsync();
        await client.ReadCodeAsync(2, ErrorCode.None);
        await client.ReadCodeAsync(3, ErrorCode.None);
        await client.ReadAppliedAsync(4);
    }

    [Fact]
    public async Task A_server_without_users_takes_whoever_says_who_he_is()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port);
        await Auth(client, 2, "alice").Set(3, "a", "1").SendAsync();
        await client.ReadCodeAsync(2, ErrorCode.None);
        await client.ReadAppliedAsync(3);
    }

    [Fact]
    public async Task A_user_who_is_taken_out_while_connected_is_refused_at_the_next_request()
    {
        using var users = new TestUsers(TestUsers.User("alice", "admin"), TestUsers.User("bob", "write"));
        await using var server = DoorFixture.Open(access: users.Open());
        using var alice = await WireClient.ConnectAsync(server.Port);
        await Auth(alice, 2, "alice").Set(3, "a", "1").SendAsync();
        await alice.ReadCodeAsync(2, ErrorCode.None);
        await alice.ReadAppliedAsync(3);

        users.Write(UsersWithout("alice", users));
        await alice.Set(4, "a", "2").SendAsync();
        var answer = await alice.ReadAsync();
        Assert.Equal(ErrorCode.Unauthenticated, CodeOf(answer));

        using var bob = await WireClient.ConnectAsync(server.Port);
        await Auth(bob, 2, "bob").Get(3, "a").SendAsync();
        await bob.ReadCodeAsync(2, ErrorCode.None);
        Assert.Equal("1", await bob.ReadValueAsync(3));
    }

    // It waits for nothing but the door's look, which comes each second.
    [Fact]
    public async Task A_user_who_is_taken_out_loses_connections_that_do_nothing_and_streams_that_wait()
    {
        using var users = new TestUsers(TestUsers.User("alice", "admin"));
        await using var server = DoorFixture.Open(access: users.Open());
        using var client = await WireClient.ConnectAsync(server.Port);
        await Auth(client, 2, "alice").Set(3, "a", "1").Set(4, "b", "1")
            .Write(target => RequestEncoder.WriteScan(
                target, Opcode.Scan, 5, default, new ScanRequest { Credit = 1, ChunkBytes = 1 })).SendAsync();
        for (var id = 2u; id <= 5; id++)
        {
            Assert.Equal(id, (await client.ReadAsync()).RequestId);
        }

        users.Write();
        var last = await client.ReadAsync();
        Assert.Equal(Opcode.Error, last.Opcode);
        Assert.Equal(ErrorCode.Unauthenticated, WireClient.ErrorOf(last).Code);
        await client.WaitForCloseAsync();
    }

    [Fact]
    public async Task A_stranger_cannot_make_the_server_keep_a_large_frame()
    {
        using var users = new TestUsers(TestUsers.User("alice", "admin"));
        await using var server = DoorFixture.Open(access: users.Open());
        using var stranger = await WireClient.ConnectAsync(server.Port);
        await stranger.Set(2, "a", new string('x', 5000)).SendAsync();
        var last = await stranger.ReadAsync();
        Assert.Equal((Opcode.Error, ErrorCode.Unauthenticated), (last.Opcode, WireClient.ErrorOf(last).Code));
        await stranger.WaitForCloseAsync();

        using var alice = await WireClient.ConnectAsync(server.Port);
        await Auth(alice, 2, "alice").Set(3, "a", new string('x', 5000)).SendAsync();
        await alice.ReadCodeAsync(2, ErrorCode.None);
        await alice.ReadAppliedAsync(3);
    }

    [Fact]
    public async Task A_stranger_who_only_gives_signs_of_life_is_closed_when_his_time_is_over()
    {
        using var users = new TestUsers();
        await using var server = DoorFixture.Open(
            DoorFixture.Options with { FrameTimeout = TimeSpan.FromMilliseconds(300) }, access: users.Open());
        using var stranger = await WireClient.ConnectAsync(server.Port);
        using var late = new CancellationTokenSource(_patience);
        Frame? answer;
        do
        {
            late.Token.ThrowIfCancellationRequested();
            await stranger.Empty(2, Opcode.Ping).SendAsync();
            answer = await stranger.TryReadAsync();
        }
        while (answer is { Opcode: not Opcode.Error });
        Assert.Equal(ErrorCode.DeadlineExceeded, WireClient.ErrorOf(answer!.Value).Code);
    }

    private static ErrorCode CodeOf(Frame answer) =>
        answer.Opcode == Opcode.Error ? WireClient.ErrorOf(answer).Code : WireClient.CodeOf(answer, out _);

    private static Kvs.Server.Access.UsersDocument UsersWithout(string name, TestUsers users)
    {
        var document = Kvs.Server.Access.UsersDocument.Read(File.ReadAllBytes(users.Path));
        return document with { Users = [.. document.Users.Where(user => user.Name != name)] };
    }

    private static WireClient Auth(WireClient client, uint id, string user, string password = TestUsers.Password) =>
        client.Write(target => new AuthRequest(AuthKind.Password, user, Encoding.UTF8.GetBytes(password)).Write(target, id, default));
}
