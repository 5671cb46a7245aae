using System.Text.RegularExpressions;
using Kvs.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Server.Tests.Access.Guard;

/// <summary>A port scan's worth of garbage on each port: refused in the words of the door, logged, and nothing is left of it.</summary>
/// <param name="output">Gets what was answered.</param>
public sealed class GarbageTests(ITestOutputHelper output)
{
    private const string Closed = "closed";

    /// <summary>What is answered: door, garbage, and a pattern. The first row that fits counts.</summary>
    private static readonly (string Door, string Name, string Pattern)[] _answers =
    [
        ("tcp|resp", "nothing at all|.*, and gone", Closed),
        ("tcp", "silence|half a frame", "error DeadlineExceeded"),
        ("tcp", ".*", "error (Protocol|FrameTooLarge)"),
        ("resp", "a client of HTTP", Closed),
        ("resp", "a password by telnet", @"-WRONGPASS .*\|-WRONGPASS .*"),
        ("resp", "silence|half a command|huge .*|.*TLS.*|a line that does not end", @"-ERR Protocol error: [^|]*\|"),
        ("resp", ".*", @"(-(ERR|NOAUTH) .*\|)+"),
        ("http", "silence", Closed),
        ("http", "nothing at all|.*, and gone|a secure shell|.*telnet|huge length", $"{Closed}|HTTP/1.1 400 Bad Request"),
        ("http", "a client of HTTP/2", "HTTP/1.1 505 HTTP Version Not Supported|goaway 13"),
        ("http", "a huge body", "HTTP/1.1 401 Unauthorized"),
        ("http", "half a request|noise|a line that does not end", "HTTP/1.1 (400 Bad Request|408 Request Timeout)"),
        ("http", ".*", "HTTP/1.1 400 Bad Request"),
        ("grpc", "nothing at all|.*, and gone|.*telnet|a secure shell", $"{Closed}|HTTP/1.1 400 Bad Request|goaway [01]"),
        ("grpc", "a client of HTTP", "HTTP/1.1 400 Bad Request|goaway 1"),
        ("grpc", "a huge frame", "goaway 6"),
        ("grpc", "headers that are none", "goaway 9"),
        ("grpc", ".*", "goaway [01]"),
    ];

    [PlatformFact("Linux")]
    public Task A_plain_server_takes_none_of_it() => ThrowAsync(withTls: false);

    [PlatformFact("Linux")]
    public Task A_server_with_TLS_takes_none_of_it_before_or_behind_the_handshake() => ThrowAsync(withTls: true);

    private async Task ThrowAsync(bool withTls)
    {
        using var server = await SecuredServer.StartAsync(withTls, more: ["--frame-timeout", "3s"]);
        var throws = SecuredServer.Doors.SelectMany(static door => Garbage.ForAnyDoor.Select(garbage => (door, garbage)))
            .Concat(SecuredServer.Doors.SelectMany(static door => Garbage.OfOneDoor
                .Where(one => one.Door != door).Select(one => (door, garbage: one.Speech))))
            .Concat(Garbage.Halves.Select(static one => (door: one.Door, garbage: one.Half)))
            .SelectMany(one => (withTls ? (bool[])[true, false] : [false]).Select(plain => (one.door, one.garbage, plain)))
            .ToList();
        await server.ServesAllAsync();
        var openFiles = 0;
        for (var round = 0; round < 2; round++)
        {
            var wrong = (await Task.WhenAll(throws.Select(one => JudgeAsync(server, one.door, one.garbage, one.plain))))
                .Where(static fault => fault.Length > 0)
                .ToList();
            output.WriteLine(string.Join('\n', wrong));
            Assert.Empty(wrong);
            await server.ServesAllAsync();
            await server.IsQuietAsync();
            if (round == 0)
            {
                openFiles = server.OpenFiles;
            }
            else
            {
                await Until.HoldsAsync(() => server.OpenFiles <= openFiles);
            }
        }

        server.LogIsClean(Garbage.Secret);
    }

    private static async Task<string> JudgeAsync(SecuredServer server, string door, Garbage garbage, bool plain)
    {
        var answer = await ThrowAsync(server, door, garbage, plain);
        return IsRight(door, garbage.Name, answer, plain) ? "" : $"{(plain ? "plain " : "")}{door}, {garbage.Name}: {answer}";
    }

    private static bool IsRight(string door, string name, string answer, bool plain)
    {
        if (plain)
        {
            return answer is "alert" or Closed;
        }

        var row = _answers.First(row => Matches(door, row.Door) && Matches(name, row.Name));
        return Matches(answer, row.Pattern);
    }

    private static bool Matches(string text, string pattern) =>
        Regex.IsMatch(text, $"^({pattern})$", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));

    private static async Task<string> ThrowAsync(SecuredServer server, string door, Garbage garbage, bool plain)
    {
        using var client = await server.ConnectAsync(door, plain);
        await client.SendAsync(garbage.Bytes);
        if (garbage.Finishes)
        {
            await client.FinishSendingAsync();
        }

        var answer = Answers.Describe(door, await client.ReadToEndAsync());
        client.Dispose();
        await server.LogsAsync(client.Local);
        return client.WasReset && door is "tcp" or "resp" ? $"{answer}, reset" : answer;
    }
}
