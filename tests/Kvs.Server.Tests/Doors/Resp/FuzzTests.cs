using System.Text;
using Kvs.Server.Doors.Resp.Wire;
using Kvs.TestKit;
using Kvs.TestKit.Fuzz;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Server.Tests.Doors.Resp;

/// <summary>Whatever a Redis client sends: words or a refusal, the same in whatever pieces it comes.</summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int CommandBytesMax = 4096;
    private const int InputsOfARound = 200_000;

    private static readonly FuzzTarget s_commands = new("resp", [.. Samples()], static bytes => bytes, Read);

    [Fact]
    public void No_bytes_make_the_parser_throw_or_depend_on_the_pieces_that_they_come_in() =>
        FuzzRounds.RunOne(s_commands, TestSeed.For(), InputsOfARound);

    [EndlessFact]
    public void Rounds_until_the_time_is_over() => FuzzRounds.RunUntilOver([s_commands], InputsOfARound, output.WriteLine);

    private static IEnumerable<byte[]> Samples() => new[]
    {
        "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n",
        "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$12\r\nabc\r\n*1\r\n$1\r\n\r\n*1\r\n$4\r\nPING\r\n",
        "PING\r\nset a \"b \\x41\\n\" 'c\\'d'\r\n\r\n*0\r\nGET a\r\n",
        "*-1\r\n*1\r\n$0\r\n\r\nQUIT\r\n",
    }.Select(Encoding.Latin1.GetBytes);

    private static bool Read(byte[] bytes)
    {
        var whole = Parse(bytes, static (_, length) => length, out var commands);
        Assert.Equal(whole, Parse(bytes, static (at, _) => at + 1, out _));
        Assert.Equal(whole, Parse(bytes, static (at, length) => Math.Min(length, at + 1 + (at % 7)), out _));
        return commands > 0;
    }

    /// <summary>All that the parser says of the bytes, when they come up to one place after the other.</summary>
    private static string Parse(byte[] bytes, Func<int, int, int> next, out int commands)
    {
        var parser = new CommandParser(CommandBytesMax);
        var said = new StringBuilder();
        commands = 0;
        for (var (start, end) = (0, 0); ;)
        {
            switch (parser.TryRead(bytes.AsMemory(start, end - start)))
            {
                case ParseStatus.Refused:
                    return said.Append(parser.Fault).ToString();
                case ParseStatus.Ready:
                    Assert.InRange(parser.Length, 1, end - start);
                    Assert.True(parser.Words.Bytes <= parser.Length);
                    for (var word = 0; word < parser.Words.Count; word++)
                    {
                        said.Append(Convert.ToHexString(parser.Words.Span(word))).Append(' ');
                    }

                    said.Append('/');
                    commands++;
                    start += parser.Length;
                    break;
                case var status:
                    Assert.Equal(ParseStatus.NeedMore, status);
                    if (end == bytes.Length)
                    {
                        return said.ToString();
                    }

                    end = next(end, bytes.Length);
                    break;
            }
        }
    }
}
