using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Google.Protobuf;
using Kvs.Core.Client;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Doors.Grpc.Contract;
using Kvs.TestKit;
using Kvs.TestKit.Certificates;
using Xunit;
using Operation = Kvs.Server.Doors.Grpc.Contract.Operation;

namespace Kvs.Server.Tests.Access.Guard;

/// <summary>Who is not who he says, and who may do less than he asks for, by each door: refused, logged, and nothing is changed.</summary>
public sealed class RefusedTests
{
    private const string Wrong = "pass-phrase-that-is-wrong";
    private const string WrongToken = "kvs_token-that-is-wrong";
    private const string Unauthenticated = "16";
    private const string PermissionDenied = "7";

    private static readonly ByteString _key = ByteString.CopyFromUtf8("kept");
    private static readonly ByteString _other = ByteString.CopyFromUtf8("other");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reader_changes_nothing_by_any_door(bool withTls)
    {
        using var server = await SecuredServer.StartAsync(withTls);
        await using var writer = await server.TcpAsync(KvsCredentials.OfUser("writer", SecuredServer.WriterPassword));
        var before = (await writer.SetAsync("kept", SecuredServer.Value)).Version;

        var refused = await ByTcpAsync(server) + await ByRespAsync(server) + await ByHttpAsync(server) + await ByGrpcAsync(server);

        var kept = (await writer.GetAsync("kept"))!;
        Assert.Equal((SecuredServer.Value, before), (kept.Value.ToString(), kept.Version));
        Assert.Equal(1, await writer.CountAsync());
        Assert.Equal(before, (await writer.StatsAsync()).Version);
        await LoggedAsync(server, @"127\.0\.0\.1:\d+ refused as 'reader': it has the role read, and this needs (write|admin)", refused);
        await server.ServesAllAsync();
        server.LogIsClean("kept", "other");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_wrong_password_or_token_is_refused_by_every_door_and_says_nothing_of_who_is_there(bool withTls)
    {
        using var server = await SecuredServer.StartAsync(withTls);
        string[] users = ["writer", "nobody-of-that-name"];
        foreach (var user in users)
        {
            await RefusedByTcpAsync(server, KvsCredentials.OfUser(user, Wrong));
            using var resp = await server.RespAsync("", "");
            Assert.Equal("-WRONGPASS invalid username-password pair or user is disabled.|", await resp.AskAsync("AUTH", user, Wrong));
            Assert.Equal("-NOAUTH Authentication required.|", await resp.AskAsync("GET", "a"));
            await RefusedByWebAsync(server, SecuredServer.Basic(user, Wrong));
            await LoggedAsync(server, $@"127\.0\.0\.1:\d+ refused as '{user}': not authenticated", 4);
        }

        await RefusedByTcpAsync(server, KvsCredentials.OfToken(WrongToken));
        await RefusedByWebAsync(server, new AuthenticationHeaderValue("Bearer", WrongToken));
        await LoggedAsync(server, @"127\.0\.0\.1:\d+ refused as 'a token': not authenticated", 3);

        // And who says nothing.
        await RefusedByTcpAsync(server, null);
        await RefusedByWebAsync(server, null);
        await LoggedAsync(server, @"127\.0\.0\.1:\d+ refused: it has not said who it is", 3 + (2 * users.Length) + 2 + users.Length);
        await server.ServesAllAsync();
        server.LogIsClean(Wrong, WrongToken);
    }

    [Fact]
    public async Task A_certificate_of_another_authority_is_refused_by_every_door_and_a_right_one_is_its_user()
    {
        using var server = await SecuredServer.StartAsync(withTls: true);
        using var other = server.OtherAuthority();
        foreach (var door in SecuredServer.Doors)
        {
            await NotLetInAsync(server, door, other);
        }

        await LoggedAsync(server, @"WRN 127\.0\.0\.1:\d+ refused: its certificate is not of an authority that is trusted here", 4);
        using (var reader = server.Web("http", null, server.TlsAs("reader")))
        {
            using var read = await reader.GetAsync(new Uri("/v1/kv/kept", UriKind.Relative));
            Assert.Equal(HttpStatusCode.NotFound, read.StatusCode);
            using var written = await reader.PutAsync(new Uri("/v1/kv/kept", UriKind.Relative), new StringContent("x"));
            Assert.Equal(HttpStatusCode.Forbidden, written.StatusCode);
        }

        using (var writer = server.Web("grpc", null, server.TlsAs("writer")))
        {
            Assert.Equal("0", await SecuredServer.CallAsync(writer, "Set", new SetRequest { Key = _key, Value = _other }));
        }

        // Of the right authority, and nobody's.
        using var stranger = server.Web("grpc", null, server.TlsAs("stranger"));
        Assert.Equal(Unauthenticated, await SecuredServer.CallAsync(stranger, "Get", new GetRequest { Key = _key }));
        await server.ServesAllAsync();
        server.LogIsClean();
    }

    [Fact]
    public async Task Where_a_certificate_is_required_nobody_comes_in_by_any_door_without_one()
    {
        using var server = await SecuredServer.StartAsync(withTls: true, tlsClients: "required");
        foreach (var door in SecuredServer.Doors)
        {
            await NotLetInAsync(server, door, null);
        }

        await LoggedAsync(server, @"WRN 127\.0\.0\.1:\d+ refused: it shows no certificate", 4);
        using var writer = server.Web("http", SecuredServer.Basic("writer", SecuredServer.WriterPassword), server.TlsAs("anybody"));
        using var written = await writer.PutAsync(new Uri("/v1/kv/kept", UriKind.Relative), new StringContent("x"));
        Assert.Equal(HttpStatusCode.Created, written.StatusCode);
    }

    [Fact]
    public async Task A_new_certificate_is_used_by_the_doors_of_HTTP_and_gRPC_without_a_restart_and_old_connections_go_on()
    {
        using var server = await SecuredServer.StartAsync(withTls: true);
        using var old = server.Web("http", SecuredServer.Basic("writer", SecuredServer.WriterPassword));
        using var first = await old.PutAsync(new Uri("/v1/kv/kept", UriKind.Relative), new StringContent("x"));
        Assert.Equal(HttpStatusCode.Created, first.StatusCode);

        using var next = server.OtherAuthority();
        File.Copy(next.Sign("next-server"), server.CertificateFile, overwrite: true);
        foreach (var door in (string[])["http", "grpc"])
        {
            await Until.HoldsAsync(
                async () =>
                {
                    using var client = server.Web(door, SecuredServer.Basic("writer", SecuredServer.WriterPassword));
                    return await Record.ExceptionAsync(() => client.GetAsync(new Uri("/livez", UriKind.Relative))) is HttpRequestException;
                },
                TimeSpan.FromSeconds(20));
        }

        Assert.Equal("x", await old.GetStringAsync(new Uri("/v1/kv/kept", UriKind.Relative)));
    }

    private static async Task<int> ByTcpAsync(SecuredServer server)
    {
        await using var reader = await server.TcpAsync(KvsCredentials.OfUser("reader", SecuredServer.ReaderPassword));
        Func<Task>[] writes =
        [
            async () => await reader.SetAsync("kept", "x"),
            async () => await reader.SetAsync("other", "x"),
            async () => await reader.RemoveAsync("kept"),
            async () => await reader.IncrementAsync("other"),
            async () => await reader.ExpireAsync("kept", TimeSpan.FromMilliseconds(1)),
            async () => await reader.PersistAsync("kept"),
            async () => await reader.ApplyAsync(new KvsBatch().Set("other", "x").Remove("kept")),
            async () => await reader.CompactAsync(),
        ];
        foreach (var write in writes)
        {
            var denied = await Assert.ThrowsAsync<KvsAccessException>(write);
            Assert.Equal((ErrorCode.PermissionDenied, WriteOutcome.NotApplied), (denied.Code, denied.Outcome));
        }

        Assert.Equal(SecuredServer.Value, (await reader.GetAsync("kept"))!.Value.ToString());
        return writes.Length;
    }

    private static async Task<int> ByRespAsync(SecuredServer server)
    {
        using var reader = await server.RespAsync("reader", SecuredServer.ReaderPassword);
        string[] writes =
        [
            "SET kept x", "SETNX other x", "MSET kept x other x", "DEL kept", "UNLINK kept", "GETDEL kept", "GETSET kept x",
            "GETEX kept PX 1", "APPEND kept x", "SETRANGE kept 0 x", "INCR other", "INCRBYFLOAT other 1", "EXPIRE kept 1", "PERSIST kept",
            "RENAME kept other", "COPY kept other", "FLUSHALL", "FLUSHDB", "CONFIG GET port",
        ];
        foreach (var write in writes)
        {
            Assert.StartsWith("-NOPERM ", await reader.AskLineAsync(write), StringComparison.Ordinal);
        }

        Assert.Equal("+OK|", await reader.AskLineAsync("MULTI"));
        Assert.Equal("+QUEUED|", await reader.AskLineAsync("GET kept"));
        Assert.StartsWith("-NOPERM ", await reader.AskLineAsync("SET kept x"), StringComparison.Ordinal);
        Assert.StartsWith("-EXECABORT ", await reader.AskLineAsync("EXEC"), StringComparison.Ordinal);
        Assert.Equal($"${SecuredServer.Value.Length}|{SecuredServer.Value}|", await reader.AskLineAsync("GET kept"));
        return writes.Length + 1;
    }

    private static async Task<int> ByHttpAsync(SecuredServer server)
    {
        using var reader = server.Web("http", SecuredServer.Basic("reader", SecuredServer.ReaderPassword));
        (HttpMethod Method, string Path, string? Body)[] writes =
        [
            (HttpMethod.Put, "/v1/kv/kept", "x"),
            (HttpMethod.Put, "/v1/kv-b64/b3RoZXI", "x"),
            (HttpMethod.Delete, "/v1/kv/kept", null),
            (HttpMethod.Post, "/v1/kv/other:incr", ""),
            (HttpMethod.Post, "/v1/batch", """{"operations":[{"op":"set","key":"other","value":"x"}]}"""),
        ];
        foreach (var (method, path, body) in writes)
        {
            using var request = new HttpRequestMessage(method, path)
            {
                Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"),
            };
            using var denied = await reader.SendAsync(request);
            Assert.Equal(HttpStatusCode.Forbidden, denied.StatusCode);
            Assert.Contains("\"code\":\"PermissionDenied\"", await denied.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Assert.Equal(SecuredServer.Value, await reader.GetStringAsync(new Uri("/v1/kv/kept", UriKind.Relative)));
        return writes.Length;
    }

    private static async Task<int> ByGrpcAsync(SecuredServer server)
    {
        using var reader = server.Web("grpc", SecuredServer.Basic("reader", SecuredServer.ReaderPassword));
        (string Method, IMessage Request)[] writes =
        [
            ("Set", new SetRequest { Key = _key, Value = _other }),
            ("Remove", new RemoveRequest { Key = _key }),
            ("Increment", new IncrementRequest { Key = _other }),
            ("Batch", new BatchRequest { Operations = { new Operation { Set = new SetRequest { Key = _other, Value = _key } } } }),
        ];
        foreach (var (method, request) in writes)
        {
            Assert.Equal(PermissionDenied, await SecuredServer.CallAsync(reader, method, request));
        }

        Assert.Equal("0", await SecuredServer.CallAsync(reader, "Get", new GetRequest { Key = _key }));
        return writes.Length;
    }

    private static async Task RefusedByTcpAsync(SecuredServer server, KvsCredentials? credentials)
    {
        var refused = await Assert.ThrowsAsync<KvsAccessException>(async () =>
        {
            await using var client = await server.TcpAsync(credentials);
            await client.GetAsync("kept");
        });
        Assert.Equal(ErrorCode.Unauthenticated, refused.Code);
    }

    private static async Task RefusedByWebAsync(SecuredServer server, AuthenticationHeaderValue? authorization)
    {
        using var http = server.Web("http", authorization);
        using var refused = await http.GetAsync(new Uri("/v1/kv/kept", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal(["Basic", "Bearer"], refused.Headers.WwwAuthenticate.Select(static challenge => challenge.Scheme));
        using var grpc = server.Web("grpc", authorization);
        Assert.Equal(Unauthenticated, await SecuredServer.CallAsync(grpc, "Get", new GetRequest { Key = _key }));
    }

    // With TLS 1.3 a client may have spoken before the server has judged its certificate.
    private static async Task NotLetInAsync(SecuredServer server, string door, TestAuthority? authority)
    {
        var options = authority is null ? server.Tls! : server.TlsAs("writer", authority);
        try
        {
            using var client = await RawClient.ConnectAsync(server.AddressOf(door), options);
            await client.SendAsync("PING\r\n"u8.ToArray());
            Assert.Empty(await client.ReadToEndAsync());
        }
        catch (Exception refused) when (refused is IOException or System.Security.Authentication.AuthenticationException)
        {
            // Told so within the handshake.
        }
    }

    private static Task LoggedAsync(SecuredServer server, string pattern, int count)
    {
        var found = 0;
        return Until.HoldsAsync(
            () =>
            {
                found = Regex.Count(server.Log, pattern, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(5));
                return Task.FromResult(found == count);
            },
            TimeSpan.FromSeconds(20),
            () => $"{found} of {count} lines of {pattern}:\n{server.Log}");
    }
}
