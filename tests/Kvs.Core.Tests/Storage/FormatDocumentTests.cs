using System.Globalization;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Hints;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Records;
using Kvs.Core.Storage.Requests;
using Kvs.Core.Storage.Segments;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Core.Tests.Storage;

/// <summary>docs/format.md and the code say the same.</summary>
public sealed class FormatDocumentTests
{
    [Theory]
    [InlineData("Record", RecordCodec.LengthsOffset)]
    [InlineData("Envelope", Envelope.Bytes)]
    [InlineData("Group frame", GroupFrame.HeaderBytes)]
    [InlineData("Batch", BatchView.HeaderBytes)]
    [InlineData("Segment header", SegmentHeader.Bytes)]
    [InlineData("Data block", DataBlock.HeaderBytes)]
    [InlineData("Manifest", ManifestCodec.HeaderBytes)]
    [InlineData("Membership", MembershipCodec.HeaderBytes)]
    [InlineData("Request file entry", RequestFileEntry.ExtensionBytes)]
    [InlineData("Request file", RequestFileCodec.HeaderBytes)]
    [InlineData("Manifest file entry", ManifestCodec.FileBytes)]
    [InlineData("Hint file", HintHeader.Bytes)]
    public void The_fixed_fields_of_a_table_are_gapless_and_as_long_as_the_code_says(string section, int bytes)
    {
        var next = 0;
        foreach (var (offset, length) in FixedRows(section))
        {
            Assert.Equal(next, offset);
            next += length;
        }

        Assert.Equal(bytes, next);
    }

    private static IEnumerable<(int Offset, int Length)> FixedRows(string section)
    {
        var lines = File.ReadAllLines(Path.Combine(Repository.Root, "docs", "format.md"));
        var rows = lines
            .SkipWhile(line => line.TrimStart('#', ' ') != section)
            .Skip(1)
            .TakeWhile(line => !line.StartsWith('#'))
            .Where(line => line.StartsWith('|'))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries));
        foreach (var row in rows)
        {
            if (int.TryParse(row[1], CultureInfo.InvariantCulture, out var offset)
                && int.TryParse(row[2], CultureInfo.InvariantCulture, out var length))
            {
                yield return (offset, length);
            }
        }
    }
}
