using System.Globalization;
using System.Text.RegularExpressions;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Core.Tests.Protocol;

/// <summary>docs/protocol.md is what strangers write clients from: its frames and numbers are those of the product.</summary>
public sealed partial class ProtocolPageTests
{
    private static readonly string Root = Repository.Root;
    private static readonly string Page = File.ReadAllText(Path.Combine(Root, "docs", "protocol.md")).ReplaceLineEndings("\n");

    public static TheoryData<string> Examples => [.. ProtocolExamples.All.Keys];

    [Fact]
    public void The_page_shows_each_example_once_and_no_other() =>
        Assert.Equal(ProtocolExamples.All.Keys.Order(), FrameBlock().Matches(Page).Select(match => match.Groups["name"].Value).Order());

    [Theory]
    [MemberData(nameof(Examples))]
    public void An_example_is_what_the_encoder_makes_and_the_decoder_reads(string name)
    {
        var shown = Wire.Hex(Shown(name));
        var buffer = new FrameBuffer();
        ProtocolExamples.All[name](buffer);
        Assert.Equal(Convert.ToHexString(shown), Convert.ToHexString(buffer.Written.Span));

        Assert.Equal(FrameStatus.Ready, FrameDecoder.TryRead(shown, shown.Length, out var frame, out _));
        buffer.Clear();
        var decoded = (byte)frame.Opcode < Opcodes.ResponseBit
            ? Reencoder.TryRequest(in frame, buffer)
            : Reencoder.TryResponse(in frame, buffer);
        Assert.True(decoded, "the decoder refuses it");
        BitConverter.TryWriteBytes(buffer.Patch(FrameLayout.RequestIdOffset, sizeof(uint)), frame.RequestId);
        Assert.Equal(Convert.ToHexString(shown), Convert.ToHexString(buffer.Written.Span));
    }

    [Fact]
    public void Frames_of_version_1_stay_as_they_were_released()
    {
        var golden = File.ReadLines(Path.Combine(Root, "tests", "golden", "protocol-v1", "frames.txt"))
            .Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => line.Split(' ', 2))
            .ToDictionary(parts => parts[0], parts => parts[1].Trim(), StringComparer.Ordinal);
        foreach (var (name, write) in ProtocolExamples.All)
        {
            var buffer = new FrameBuffer();
            write(buffer);
            Assert.Equal((name, golden.GetValueOrDefault(name)), (name, Convert.ToHexString(buffer.Written.Span)));
        }

        Assert.Equal(ProtocolExamples.All.Count, golden.Count);
    }

    [Fact]
    public void The_page_lists_every_opcode_and_error_code()
    {
        foreach (var opcode in Enum.GetValues<Opcode>().Where(opcode => opcode != Opcode.None))
        {
            Assert.Contains($"| `{(byte)opcode:X2}` | {opcode} |", Page, StringComparison.Ordinal);
        }

        foreach (var code in Enum.GetValues<ErrorCode>().Where(code => code != ErrorCode.None))
        {
            Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"| {(int)code} | {code} |"), Page, StringComparison.Ordinal);
        }
    }

    private static string Shown(string name)
    {
        var match = FrameBlock().Matches(Page).Single(match => match.Groups["name"].Value == name);
        return string.Concat(match.Groups["bytes"].Value.Where(Uri.IsHexDigit));
    }

    [GeneratedRegex("```frame (?<name>[a-z-]+)\n(?<bytes>[0-9A-F \n]+)```", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FrameBlock();
}
