using System.Text.RegularExpressions;
using Kvs.Core.Protocol.Cluster;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Core.Tests.Protocol.Cluster;

/// <summary>What docs/protocol.md says of the links between nodes is so: its frames are those of the product.</summary>
public sealed partial class LinkPageTests
{
    private static readonly string Page =
        File.ReadAllText(Path.Combine(Repository.Root, "docs", "protocol.md")).ReplaceLineEndings("\n");

    public static TheoryData<string> Examples => [.. LinkExamples.All.Keys];

    [Fact]
    public void The_page_shows_each_example_once_and_no_other() => Assert.Equal(
        LinkExamples.All.Keys.Order(), LinkBlock().Matches(Page).Select(match => match.Groups["name"].Value).Order());

    [Theory]
    [MemberData(nameof(Examples))]
    public void An_example_is_what_the_encoder_makes_and_the_decoder_reads(string name)
    {
        var match = LinkBlock().Matches(Page).Single(match => match.Groups["name"].Value == name);
        var shown = Wire.Hex(string.Concat(match.Groups["bytes"].Value.Where(Uri.IsHexDigit)));
        Assert.Equal(Convert.ToHexString(shown), Convert.ToHexString(Links.Encode(LinkExamples.All[name])));
        Assert.Equal(Convert.ToHexString(shown), Convert.ToHexString(Links.Encode(Links.Decode(shown)!)));
    }

    [Fact]
    public void Frames_of_version_1_stay_as_they_were_released()
    {
        var golden = File.ReadLines(Path.Combine(Repository.Root, "tests", "golden", "protocol-v1", "links.txt"))
            .Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => line.Split(' ', 2))
            .ToDictionary(parts => parts[0], parts => parts[1].Trim(), StringComparer.Ordinal);
        foreach (var (name, message) in LinkExamples.All)
        {
            Assert.Equal((name, golden.GetValueOrDefault(name)), (name, Convert.ToHexString(Links.Encode(message))));
        }

        Assert.Equal(LinkExamples.All.Count, golden.Count);
    }

    [Fact]
    public void The_page_lists_every_opcode()
    {
        foreach (var opcode in Enum.GetValues<LinkOpcode>().Where(opcode => opcode != LinkOpcode.None))
        {
            Assert.Contains($"| `{(byte)opcode:X2}` | {opcode} |", Page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_opcode_has_an_example()
    {
        var shown = LinkExamples.All.Values.Select(message => (LinkOpcode)Links.Encode(message)[LinkLayout.OpcodeOffset]);
        Assert.Equal(Enum.GetValues<LinkOpcode>().Where(opcode => opcode != LinkOpcode.None), shown.Distinct().Order());
    }

    [GeneratedRegex("```link (?<name>[a-z-]+)\n(?<bytes>[0-9A-F \n]+)```", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex LinkBlock();
}
