using System.Text;
using System.Text.RegularExpressions;
using Kvs.TestKit;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Server.Tests.Doors.Resp;

/// <summary>
/// The same commands to this server and to a real Redis: the replies are the same, byte for byte, command by command and
/// in one pipelined burst, in RESP2 and in RESP3. What differs on purpose is listed here, and in docs/resp.md.
/// </summary>
public sealed partial class DifferentialTests
{
    /// <summary>What differs on purpose: a command, and the reply of ours.</summary>
    private static readonly (string Command, string Reply)[] s_exceptions =
    [
        ("AUTH bob x", "+OK|"), // a server without users takes any
    ];

    [ToolFact("redis-server")]
    public async Task Replies_are_those_of_Redis()
    {
        using var directory = new TemporaryDirectory();
        using var redis = await RedisProcess.StartAsync(directory);
        await using var server = RespFixture.Open();
        var differences = new StringBuilder();
        foreach (var script in RedisScripts.All)
        {
            var commands = Array.ConvertAll(script, Words);
            foreach (var isPipelined in (bool[])[false, true])
            {
                foreach (var protocol in (int[])[2, 3])
                {
                    var theirs = await RunAsync(await redis.ConnectAsync(), commands, isPipelined, protocol);
                    var ours = await RunAsync(await RespWire.ConnectAsync(server.Port), commands, isPipelined, protocol);
                    Compare(script, theirs, ours, $"RESP{protocol}{(isPipelined ? " pipelined" : "")}", differences);
                }
            }
        }

        Assert.True(differences.Length == 0, differences.ToString());
    }

    [ToolFact("redis-server")]
    public Task Random_commands_are_answered_as_by_Redis() => TestSeed.RunAsync(async seed =>
    {
        using var directory = new TemporaryDirectory();
        using var redis = await RedisProcess.StartAsync(directory);
        await using var server = RespFixture.Open();
        var random = new Random(seed);
        var differences = new StringBuilder();
        for (var round = 0; round < 40 && differences.Length == 0; round++)
        {
            var script = Enumerable.Range(0, 50).Select(_ => RandomCommand(random)).ToArray();
            var commands = Array.ConvertAll(script, Words);
            var isPipelined = random.Next(2) == 0;
            var theirs = await RunAsync(await redis.ConnectAsync(), commands, isPipelined, 2);
            var ours = await RunAsync(await RespWire.ConnectAsync(server.Port), commands, isPipelined, 2);
            Compare(script, theirs, ours, $"round {round}", differences);
        }

        Assert.True(differences.Length == 0, differences.ToString());
    });

    [ToolFact("redis-server")]
    public Task Patterns_match_what_they_match_in_Redis() => TestSeed.RunAsync(async seed =>
    {
        using var directory = new TemporaryDirectory();
        using var redis = await RedisProcess.StartAsync(directory);
        using var client = await redis.ConnectAsync();
        var random = new Random(seed);
        const string PatternBytes = "ab*?[]^-\\";
        for (var round = 0; round < 2000; round++)
        {
            var pattern = new string([.. Enumerable.Range(0, random.Next(8)).Select(_ => PatternBytes[random.Next(PatternBytes.Length)])]);
            var text = new string([.. Enumerable.Range(0, random.Next(5)).Select(_ => "ab-]"[random.Next(4)])]);
            await client.AskAsync("FLUSHALL");
            await client.AskAsync("SET", text, "v");
            var theirs = (await client.AskAsync("KEYS", pattern)).StartsWith("*1", StringComparison.Ordinal);
            var ours = Kvs.Server.Doors.Resp.Wire.GlobPattern.Matches(Encoding.ASCII.GetBytes(pattern), Encoding.ASCII.GetBytes(text));
            Assert.True(theirs == ours, $"pattern '{pattern}', text '{text}': Redis says {theirs}");
        }
    });

    private static string[] Words(string line) => Array.ConvertAll(
        line.Split(' '),
        word => word == "%" ? "" : Escape().Replace(word, hit => ((char)Convert.ToByte(hit.Groups[1].Value, 16)).ToString()));

    private static string RandomCommand(Random random)
    {
        string Key() => $"k{random.Next(3)}";
        string Value() => random.Next(4) switch
        {
            0 => random.Next(-20, 20).ToString(),
            1 => "9223372036854775800",
            2 => "%",
            _ => new string((char)('a' + random.Next(3)), random.Next(1, 30)),
        };
        string Option() => random.Next(8) switch
        {
            0 => " NX",
            1 => " XX",
            2 => " GET",
            3 => " EX 1000",
            4 => " KEEPTTL",
            _ => "",
        };
        return random.Next(24) switch
        {
            0 or 1 => $"SET {Key()} {Value()}{Option()}{Option()}",
            2 => $"GET {Key()}",
            3 => $"INCR {Key()}",
            4 => $"INCRBY {Key()} {random.Next(-50, 50)}",
            5 => $"APPEND {Key()} {Value()}",
            6 => $"SETRANGE {Key()} {random.Next(6)} {Value()}",
            7 => $"GETRANGE {Key()} {random.Next(-8, 8)} {random.Next(-8, 8)}",
            8 => $"DEL {Key()} {Key()}",
            9 => $"EXISTS {Key()} {Key()}",
            10 => $"MGET {Key()} {Key()} {Key()}",
            11 => $"MSET {Key()} {Value()} {Key()} {Value()}",
            12 => $"MSETNX {Key()} {Value()} {Key()} {Value()}",
            13 => $"RENAME {Key()} {Key()}",
            14 => $"RENAMENX {Key()} {Key()}",
            15 => $"COPY {Key()} {Key()}{(random.Next(2) == 0 ? " REPLACE" : "")}",
            16 => $"EXPIRE {Key()} {random.Next(-2, 5) * 1000}",
            17 => $"TTL {Key()}",
            18 => $"PERSIST {Key()}",
            19 => $"GETDEL {Key()}",
            20 => $"GETEX {Key()} EX 2000",
            21 => $"STRLEN {Key()}",
            22 => $"GETSET {Key()} {Value()}",
            _ => "DBSIZE",
        };
    }

    private static async Task<List<string>> RunAsync(RespWire client, string[][] commands, bool isPipelined, int protocol)
    {
        using (client)
        {
            await client.AskAsync("FLUSHALL");
            await client.AskAsync("HELLO", protocol.ToString());
            var replies = new List<string>();
            if (isPipelined)
            {
                await client.SendAsync(commands.SelectMany(words => RespWire.Command(words)).ToArray());
            }

            foreach (var words in commands)
            {
                replies.Add(isPipelined ? await client.ReplyAsync() : await client.AskAsync(words));
            }

            return replies;
        }
    }

    private static void Compare(string[] script, List<string> theirs, List<string> ours, string how, StringBuilder differences)
    {
        for (var i = 0; i < script.Length; i++)
        {
            if (!AreSame(script[i], theirs[i], ours[i]) && !s_exceptions.Contains((script[i], ours[i])))
            {
                differences.AppendLine($"{how}: {script[i]}").AppendLine($"   Redis {theirs[i]}").AppendLine($"   ours  {ours[i]}");
            }
        }
    }

    /// <summary>Seconds to live differ by how long the machine took.</summary>
    private static bool AreSame(string command, string theirs, string ours) => theirs == ours
        || (command.StartsWith("TTL ", StringComparison.Ordinal)
            && Seconds(theirs) is > 60 and var left
            && Math.Abs(left - Seconds(ours)) < 60);

    private static long Seconds(string reply) => long.TryParse(reply.AsSpan(1, reply.Length - 2), out var seconds) ? seconds : 0;

    [GeneratedRegex("%(?<hex>[0-9A-F]{2})", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Escape();
}
