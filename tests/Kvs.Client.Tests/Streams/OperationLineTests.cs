using System.Text;
using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Commands.Keys;
using Kvs.Client.Commands.Lines;
using Xunit;

namespace Kvs.Client.Tests.Streams;

/// <summary>The two formats of operation lines, and that they mean the same.</summary>
public sealed class OperationLineTests
{
    [Theory]
    [InlineData("set k v", "k", "v")]
    [InlineData("  set \t k   v  ", "k", "v")]
    [InlineData("set \"two words\" 'and \\n one'", "two words", "and \\n one")]
    [InlineData("set k \"a\\tb\\nc\\r\\\"\\\\\\x41\"", "k", "a\tb\nc\r\"\\A")]
    [InlineData("set it's \"\"", "it's", "")]
    [InlineData("set k -5", "k", "-5")]
    [InlineData("set k -", "k", "-")]
    [InlineData("set k \"--get\"", "k", "--get")]
    [InlineData("set -- --k --v", "--k", "--v")]
    [InlineData("set k \"#1\"", "k", "#1")]
    [InlineData("""{"op":"set","key":"k","value":"v\u0041\n"}""", "k", "vA\n")]
    [InlineData("""{"op":"set","key":{"b64":"aw=="},"value":{"b64":""}}""", "k", "")]
    public void A_line_is_a_key_and_a_value(string line, string key, string value)
    {
        var operation = Read(line)!;
        Assert.Equal((key, value), (operation.Key.ToString(), operation.Value.ToString()));
    }

    [Theory]
    [InlineData(
        "set k v --ttl 30s --if-absent --get",
            """{"op":"set","key":"k","value":"v","ttl":"30s","if_absent":true,"get":true}""")]
    [InlineData(
        "set k v --if-present --keep-ttl",
            """{"op":"set","key":"k","value":"v","if_present":true,"keep_ttl":true,"get":false}""")]
    [InlineData("set k v --content-type text/plain", """{"op":"set","key":"k","value":"v","content_type":"text/plain"}""")]
    [InlineData("set --if-version=1-2 k v", """{"op":"set","key":"k","value":"v","if_version":"1-2"}""")]
    [InlineData("rm k --if-version 1-2 --get", """{"op":"rm","key":"k","if_version":"1-2","get":true}""")]
    [InlineData("incr k", """{"op":"incr","key":"k"}""")]
    [InlineData("incr k -3", """{"op":"incr","key":"k","by":-3}""")]
    [InlineData("expire k 5m", """{"op":"expire","key":"k","ttl":"5m"}""")]
    [InlineData("persist k", """{"op":"persist","key":"k"}""")]
    [InlineData("check k --if-present", """{"op":"check","key":"k","if_present":true}""")]
    [InlineData("get k", """{"op":"get","key":"k"}""")]
    [InlineData("exists k", """{"op":"exists","key":"k"}""")]
    [InlineData("ttl k", """{"op":"ttl","key":"k"}""")]
    public void Both_formats_mean_the_same(string simple, string json) => Assert.Equal(Read(simple), Read(json));

    [Fact]
    public void An_absolute_expiry_is_for_json_lines() =>
        Assert.Equal(
            new DateTimeOffset(2030, 1, 31, 12, 0, 0, TimeSpan.Zero),
            Read("""{"op":"set","key":"k","value":"v","expires_at":"2030-01-31T12:00:00Z"}""")!.ExpiresAt);

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("# set k v")]
    [InlineData("  # set k v")]
    public void These_lines_are_passed_over(string line) => Assert.Null(Read(line));

    [Theory]
    [InlineData("sett k v", "unknown operation 'sett'")]
    [InlineData("set", "the key is missing")]
    [InlineData("set k", "the value is missing")]
    [InlineData("set k two words", "'words' is too much; quote what has blanks")]
    [InlineData("get a b", "'b' is too much; quote what has blanks")]
    [InlineData("set k v --if-absnt", "unknown option '--if-absnt'")]
    [InlineData("set k v --bogus=1", "unknown option '--bogus'")]
    [InlineData("expire k 100000d", "ttl: '100000d' is too long; the longest is 36500d")]
    [InlineData("""{"op":"set","key":"k","key":"l","value":"v"}""", "\"key\" is there twice")]
    [InlineData("""{"op":"set","key":"k","value":"v","get":false,"get":false}""", "\"get\" is there twice")]
    [InlineData("set k v --if-absnt x", "unknown option '--if-absnt'")]
    [InlineData("set k v --ttl", "--ttl needs a value")]
    [InlineData("set k v --ttl 5", "ttl: '5' is no duration")]
    [InlineData("set k v --if-absent --if-present", "give one of --if-absent, --if-present and --if-version")]
    [InlineData("set k v --ttl 1s --keep-ttl", "give one of ttl, expires_at and keep_ttl")]
    [InlineData("set k \"v", "a double quote is not closed")]
    [InlineData("set k 'v", "a single quote is not closed")]
    [InlineData("set k \"v\"w", "a blank is missing behind a closing quote")]
    [InlineData("set k \"\\q\"", "unknown escape in double quotes")]
    [InlineData("set k \"\\x4\"", "unknown escape in double quotes")]
    [InlineData("rm k --if-absent", "rm takes no --if-absent")]
    [InlineData("get k --get", "get takes no --get")]
    [InlineData("expire k", "the duration is missing")]
    [InlineData("incr k many", "by: 'many' is no 64-bit integer")]
    [InlineData("check k", "check needs a condition")]
    [InlineData("{", "no JSON object")]
    [InlineData("""{"key":"k"}""", "the operation is missing")]
    [InlineData("""{"op":"set","key":"k","value":"v","if_absnt":true}""", "unknown member \"if_absnt\"")]
    [InlineData("""{"op":"set","key":"k","value":"v","if_absent":1}""", "\"if_absent\" must be true or false")]
    [InlineData("""{"op":"get","key":"k","value":"v"}""", "get takes no value")]
    [InlineData("""{"op":"incr","key":"k","by":"3"}""", "\"by\" must be a 64-bit integer")]
    [InlineData("""{"op":"get","key":"k","ttl":"3s"}""", "get takes no ttl")]
    public void A_complaint_names_the_line_and_the_reason(string line, string complaint)
    {
        var thrown = Assert.Throws<InputException>(() => Read(line));
        Assert.StartsWith("line 7: " + complaint, thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Random_bytes_never_do_worse_than_a_complaint()
    {
        var random = new Random(4711);
        for (var i = 0; i < 2_000; i++)
        {
            var line = new byte[random.Next(0, 40)];
            random.NextBytes(line);
            if (i % 2 == 0 && line.Length > 0)
            {
                line[0] = (byte)'{';
            }

            try
            {
                OperationLine.Read(line, i);
                OperationLine.ReadEntry(line, i);
            }
            catch (InputException)
            {
                // Random bytes are seldom an operation.
            }
        }
    }

    [Fact]
    public async Task Lines_come_whole_however_the_input_is_cut()
    {
        var text = string.Concat(
            Enumerable.Range(0, 300).Select(
                i => new string('x', i * 7 % 1_000) + (i % 2 == 0 ? "\n" : "\r\n"))) + "end";
        foreach (var step in new[] { 1, 2, 3, 1_000, 100_000 })
        {
            var lines = new LineReader(new SteppingStream(Encoding.UTF8.GetBytes(text), step));
            var read = new List<string>();
            while (await lines.ReadAsync() is { } line)
            {
                read.Add(Encoding.UTF8.GetString(line.Span));
            }

            Assert.Equal(text.ReplaceLineEndings("\n").Split('\n'), read);
            Assert.Equal((301, text.Length), (lines.LineNumber, lines.BytesRead));
        }
    }

    private static KeyOperation? Read(string line) => OperationLine.Read(Encoding.UTF8.GetBytes(line), 7);

    private sealed class SteppingStream(byte[] bytes, int step) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, step)], cancellationToken);
    }
}
