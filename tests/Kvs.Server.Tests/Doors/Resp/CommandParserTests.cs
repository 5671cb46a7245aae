using System.Text;
using Kvs.Server.Doors.Resp.Commands;
using Kvs.Server.Doors.Resp.Wire;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Server.Tests.Doors.Resp;

/// <summary>What the parser makes of bytes, whole and in pieces.</summary>
public sealed class CommandParserTests
{
    private const int Max = 1 << 20;

    public static TheoryData<string, string> Commands => new()
    {
        { "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", "GET,k" },
        { "*1\r\n$0\r\n\r\n", "" },
        { "*2\r\n$4\r\nECHO\r\n$4\r\n\r\n\r\n\r\n", "ECHO,\r\n\r\n" },
        { "*0\r\n", "(none)" },
        { "*-1\r\n", "(none)" },
        { "\r\n", "(none)" },
        { "\n", "(none)" },
        { "   \r\n", "(none)" },
        { "PING\r\n", "PING" },
        { "PING\n", "PING" },
        { "  set  k\tv  \r\n", "set,k,v" },
        { "set k \"a b\"\r\n", "set,k,a b" },
        { "echo \"a\\x41\\n\\r\\t\\b\\a\\q\\\"\"\r\n", "echo,aA\n\r\t\b\aq\"" },
        { "echo 'it\\'s \\n'\r\n", "echo,it's \\n" },
        { "echo a\"b c\"\r\n", "echo,ab c" },
        { "echo '' \"\"\r\n", "echo,," },
        { "echo \"\\x4\"\r\n", "echo,x4" },
        { "$3\r\n", "$3" },
    };

    public static TheoryData<string, string> Refused => new()
    {
        { "*x\r\n", "invalid multibulk length" },
        { "*+1\r\n", "invalid multibulk length" },
        { "*01\r\n", "invalid multibulk length" },
        { "*1048577\r\n", "invalid multibulk length" },
        { "*2147483648\r\n", "invalid multibulk length" },
        { "*1\r\nabc\r\n", "expected '$', got 'a'" },
        { "*2\r\n$1\r\na\r\n:1\r\n", "expected '$', got ':'" },
        { "*1\r\n$-1\r\n", "invalid bulk length" },
        { "*1\r\n$x\r\n", "invalid bulk length" },
        { "*1\r\n$1048577\r\n", "invalid bulk length" },
        { "get \"a\r\n", "unbalanced quotes in request" },
        { "get 'a\r\n", "unbalanced quotes in request" },
        { "get \"a\"b\r\n", "unbalanced quotes in request" },
        { "get \"a\\\r\n", "unbalanced quotes in request" },
    };

    [Theory]
    [MemberData(nameof(Commands))]
    public void A_command_is_the_same_whole_byte_by_byte_and_in_random_pieces(string text, string words)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        TestSeed.Run(seed =>
        {
            var random = new Random(seed);
            Assert.Equal(words, Feed(bytes, _ => bytes.Length));
            Assert.Equal(words, Feed(bytes, _ => 1));
            for (var round = 0; round < 20; round++)
            {
                Assert.Equal(words, Feed(bytes, left => random.Next(1, left + 1)));
            }
        });
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_is_no_command_is_refused_with_the_text_of_Redis(string text, string fault)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        Assert.Equal($"refused: {fault}", Feed(bytes, _ => bytes.Length));
        Assert.Equal($"refused: {fault}", Feed(bytes, _ => 1));
    }

    [Fact]
    public void Several_commands_lie_one_behind_the_other()
    {
        var bytes = "*1\r\n$4\r\nPING\r\nECHO x\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"u8.ToArray();
        var parser = new CommandParser(Max);
        var seen = new List<string>();
        for (var at = 0; at < bytes.Length; at += parser.Length)
        {
            Assert.Equal(ParseStatus.Ready, parser.TryRead(bytes.AsMemory(at)));
            seen.Add(WordsOf(parser));
        }

        Assert.Equal(["PING", "ECHO,x", "GET,k"], seen);
    }

    [Fact]
    public void Lines_without_end_are_refused_at_their_limit()
    {
        var long64 = new string('1', CommandParser.LineBytesMax + 1);
        Assert.Equal("refused: too big inline request", Feed(Encoding.Latin1.GetBytes(long64), left => left));
        Assert.Equal("refused: too big mbulk count string", Feed(Encoding.Latin1.GetBytes("*" + long64), left => left));
        Assert.Equal(
            "refused: too big bulk count string", Feed(Encoding.Latin1.GetBytes("*1\r\n$" + long64), left => left));
    }

    [Fact]
    public void A_command_that_becomes_too_long_is_refused_before_it_has_arrived()
    {
        var parser = new CommandParser(100);
        Assert.Equal(ParseStatus.Refused, parser.TryRead("*2\r\n$60\r\n"u8.ToArray().Concat(new byte[62]).Concat("$60\r\n"u8.ToArray()).ToArray()));
        Assert.Contains("frame-bytes-max", parser.Fault);
    }

    [Fact]
    public void The_length_that_a_command_will_have_is_told_as_soon_as_it_is_known()
    {
        var parser = new CommandParser(Max);
        Assert.Equal(ParseStatus.NeedMore, parser.TryRead("*2\r\n$3\r\nGET\r\n$1000\r\nab"u8.ToArray()));
        Assert.Equal("*2\r\n$3\r\nGET\r\n$1000\r\n".Length + 1002, parser.Length);
    }

    [Theory]
    [InlineData("*11\r\n", "unauthenticated multibulk length")]
    [InlineData("*2\r\n$16385\r\n", "unauthenticated bulk length")]
    public void Strangers_have_smaller_limits(string text, string fault)
    {
        var parser = new CommandParser(Max) { IsStranger = true };
        Assert.Equal(ParseStatus.Refused, parser.TryRead(Encoding.Latin1.GetBytes(text)));
        Assert.Equal(fault, parser.Fault);
        Assert.Equal(ParseStatus.NeedMore, new CommandParser(Max).TryRead(Encoding.Latin1.GetBytes(text)));
    }

    [Fact]
    public void A_copy_of_the_words_outlives_the_bytes()
    {
        var bytes = "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"u8.ToArray();
        var parser = new CommandParser(Max);
        parser.TryRead(bytes);
        var copy = parser.Words.Copy();
        Array.Clear(bytes);
        Assert.Equal("GET,k", $"{Encoding.ASCII.GetString(copy.Span(0))},{Encoding.ASCII.GetString(copy.Span(1))}");
        Assert.Equal(4, copy.Bytes);
    }

    private static string Feed(byte[] bytes, Func<int, int> next)
    {
        var parser = new CommandParser(Max);
        for (var end = 0; ;)
        {
            end += end < bytes.Length ? next(bytes.Length - end) : throw new InvalidOperationException("not whole");
            switch (parser.TryRead(bytes.AsMemory(0, end)))
            {
                case ParseStatus.Ready:
                    Assert.Equal(bytes.Length, parser.Length);
                    return WordsOf(parser);
                case ParseStatus.Refused:
                    return $"refused: {parser.Fault}";
                default:
                    Assert.True(parser.Length > end);
                    break;
            }
        }
    }

    private static string WordsOf(CommandParser parser) => parser.Words.Count == 0
        ? "(none)"
        : string.Join(',', Enumerable.Range(0, parser.Words.Count).Select(i => Encoding.Latin1.GetString(parser.Words.Span(i))));
}
