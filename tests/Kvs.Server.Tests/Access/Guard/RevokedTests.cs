using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Google.Protobuf;
using Kvs.Core.Client;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Access;
using Kvs.Server.Doors.Grpc.Contract;
using Kvs.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Server.Tests.Access.Guard;

/// <summary>
/// Somebody loses his access while he follows changes, reads ranges and sends values by each door: all of it ends, and what
/// others do goes on.
/// </summary>
/// <param name="output">Gets how long it took.</param>
public sealed class RevokedTests(ITestOutputHelper output)
{
    private const string Password = "pass-phrase-of-the-leaver";
    private const int LargeKeys = 100;

    private static readonly UserEntry _leaver = TestUsers.User("leaver", "write", Password);

    /// <summary>How the users are afterwards.</summary>
    public static TheoryData<string> Ways => ["taken out", "another password", "may only read"];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task What_runs_for_who_loses_his_access_ends_by_every_door(string way)
    {
        using var server = await SecuredServer.StartAsync(withTls: false);
        server.Users.Write([.. SecuredServer.UsualUsers, _leaver]);
        await FillAsync(server);
        await Until.HoldsAsync(async () => await Record.ExceptionAsync(async () =>
        {
            await using var leaver = await server.TcpAsync(KvsCredentials.OfUser("leaver", Password));
        }) is null, TimeSpan.FromSeconds(20));

        var stays = way == "may only read";
        var stayer = await FollowAsync(server, SecuredServer.Basic("reader", SecuredServer.ReaderPassword));
        var leaver = SecuredServer.Basic("leaver", Password);
        List<(string Name, Task<string> End, string Expected)> running =
        [
            ("a value that is sent by HTTP", await SendHalfAsync(server, leaver), "broken"),
        ];
        if (!stays)
        {
            running.AddRange(
            [
                ("a watch by TCP", await WatchAsync(server), nameof(ErrorCode.Unauthenticated)),
                ("a scan by TCP", await ScanAsync(server), nameof(ErrorCode.Unauthenticated)),
                ("a subscription by RESP", await AskAsync(server, "SUBSCRIBE __keyspace@0__:quiet"), "closed"),
                ("a transaction by RESP", await AskAsync(server, "MULTI", "SET half x"), "closed"),
                ("a watch by HTTP", EndOfAsync(await FollowAsync(server, leaver)), nameof(ErrorCode.Unauthenticated)),
                ("a scan by HTTP", await StreamAsync(server, leaver), "not whole"),
                ("a scan by gRPC", await CallAsync(server, leaver), "not whole"),
            ]);
            await server.WatchersAsync(4); // of TCP, RESP and HTTP, and the stayer's
        }

        server.Users.Write(way switch
        {
            "taken out" => SecuredServer.UsualUsers,
            "another password" => [.. SecuredServer.UsualUsers, TestUsers.User("leaver", "write", "another pass phrase")],
            _ => [.. SecuredServer.UsualUsers, _leaver with { Role = "read" }],
        });
        var startedAt = TimeProvider.System.GetTimestamp();
        foreach (var (name, end, expected) in running)
        {
            var answer = await end.WaitAsync(TimeSpan.FromSeconds(60));
            output.WriteLine($"{name}: {answer}, {TimeProvider.System.GetElapsedTime(startedAt).TotalSeconds:0.0} s");
            Assert.Contains(expected, answer, StringComparison.Ordinal);
        }

        await ThenAsync(server, stayer);
        Assert.Equal(
            running.Count,
            Regex.Count(server.Log, @"127\.0\.0\.1:\d+ refused as 'leaver': its access was changed or taken back"));
        server.LogIsClean(Password);
    }

    // Nothing that he had begun to send is there, and those who stay hear of what others do.
    private static async Task ThenAsync(SecuredServer server, StreamReader stayer)
    {
        await using var writer = await server.TcpAsync(KvsCredentials.OfUser("writer", SecuredServer.WriterPassword));
        Assert.Null(await writer.GetAsync("half"));
        await writer.SetAsync("news", "after");
        while (await stayer.ReadLineAsync() is { } line && !line.Contains("\"news\"", StringComparison.Ordinal))
        {
        }

        await server.ServesAllAsync();
    }

    private static async Task FillAsync(SecuredServer server)
    {
        await using var writer = await server.TcpAsync(KvsCredentials.OfUser("writer", SecuredServer.WriterPassword));
        var value = new string('x', 1024 * 1024);
        for (var i = 0; i < LargeKeys; i++)
        {
            await writer.SetAsync($"large-{i}", value);
        }
    }

    private static async Task<Task<string>> WatchAsync(SecuredServer server)
    {
        var client = await server.TcpAsync(KvsCredentials.OfUser("leaver", Password));
        return EndAsync();

        async Task<string> EndAsync()
        {
            await using (client)
            {
                return await CodeOfAsync(async () =>
                {
                    await foreach (var _ in client.WatchAsync(new WatchOptions { Range = KeyRange.Prefix("quiet") }))
                    {
                    }
                });
            }
        }
    }

    // More than the client's credit: the stream waits for it, and so does the client for what comes next.
    private static async Task<Task<string>> ScanAsync(SecuredServer server)
    {
        var client = await server.TcpAsync(KvsCredentials.OfUser("leaver", Password));
        var entries = client.ScanAsync(new ScanOptions()).GetAsyncEnumerator();
        Assert.True(await entries.MoveNextAsync());
        return EndAsync();

        async Task<string> EndAsync()
        {
            await using (client)
            await using (entries)
            {
                await EndedAsync(server, "leaver");
                return await CodeOfAsync(async () =>
                {
                    while (await entries.MoveNextAsync())
                    {
                    }
                });
            }
        }
    }

    private static async Task<Task<string>> AskAsync(SecuredServer server, params string[] lines)
    {
        var resp = await server.RespAsync("leaver", Password);
        foreach (var line in lines)
        {
            Assert.DoesNotContain("-", (await resp.AskLineAsync(line))[..1], StringComparison.Ordinal);
        }

        return EndAsync();

        async Task<string> EndAsync()
        {
            using (resp)
            {
                return await resp.ReplyAsync();
            }
        }
    }

    private static async Task<StreamReader> FollowAsync(SecuredServer server, AuthenticationHeaderValue who)
    {
        var client = server.Web("http", who);
        var events = new StreamReader(await client.GetStreamAsync(new Uri("/v1/watch?prefix=news", UriKind.Relative)), Encoding.UTF8);
        Assert.StartsWith("id: ", await events.ReadLineAsync(), StringComparison.Ordinal);
        return events;
    }

    private static async Task<string> EndOfAsync(StreamReader events) => await events.ReadToEndAsync();

    private static async Task<Task<string>> StreamAsync(SecuredServer server, AuthenticationHeaderValue who)
    {
        var client = server.Web("http", who);
        var request = new HttpRequestMessage(HttpMethod.Get, "/v1/kv?prefix=large") { Headers = { { "Accept", "application/x-ndjson" } } };
        var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return EndOfAsync(server, answer);
    }

    private static async Task<Task<string>> CallAsync(SecuredServer server, AuthenticationHeaderValue who)
    {
        var client = server.Web("grpc", who);
        var request = SecuredServer.NewCall("Scan", new ScanRequest { Prefix = ByteString.CopyFromUtf8("large") });
        var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return EndOfAsync(server, answer);
    }

    // The client takes nothing, so the server waits for it; what comes when it reads again is not the whole.
    private static async Task<string> EndOfAsync(SecuredServer server, HttpResponseMessage answer)
    {
        await EndedAsync(server, "leaver");
        return await Record.ExceptionAsync(answer.Content.ReadAsByteArrayAsync) is not null
            || answer.TrailingHeaders.Any(static one => one.Key == "grpc-status" && one.Value.Single() == "16")
            ? "not whole"
            : "whole";
    }

    private static async Task<Task<string>> SendHalfAsync(SecuredServer server, AuthenticationHeaderValue who)
    {
        var client = await server.ConnectAsync("http");
        await client.SendAsync(Encoding.ASCII.GetBytes(
            $"PUT /v1/kv/half HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {who}\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n"));
        Assert.StartsWith("HTTP/1.1 100", Encoding.ASCII.GetString(await client.ReadAsync()), StringComparison.Ordinal);
        await client.SendAsync("12345"u8.ToArray());
        return EndAsync();

        async Task<string> EndAsync()
        {
            using (client)
            {
                return (await client.ReadToEndAsync()).Length == 0 ? "broken" : "answered";
            }
        }
    }

    private static Task EndedAsync(SecuredServer server, string user) => Until.HoldsAsync(
        () => server.Log.Contains($"refused as '{user}': its access was changed or taken back", StringComparison.Ordinal));

    private static async Task<string> CodeOfAsync(Func<Task> run)
    {
        var failure = await Record.ExceptionAsync(run);
        return failure is KvsException { Code: var code } ? $"{code}" : $"{failure}";
    }
}
