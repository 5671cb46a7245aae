using Kvs.Core.Primitives;
using Kvs.Server.Doors.Grpc;
using Kvs.Server.Doors.Grpc.Wire;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Server.Tests.Doors.Grpc;

/// <summary>How failures of ours end a call.</summary>
public sealed class StatusMappingTests
{
    [Fact]
    public void The_documented_table_is_the_mapping()
    {
        var documented = File.ReadAllLines(Path.Combine(Repository.Root, "docs", "grpc.md"))
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .SelectMany(cells => cells[2].Split(", ").Select(code => (Code: code.Trim('`'), Status: cells[1].Trim('`'))))
            .OrderBy(row => row.Code, StringComparer.Ordinal);
        var mapped = Enum.GetValues<ErrorCode>()
            .Where(code => code != ErrorCode.None)
            .Select(code => (Code: code.ToString(), Status: NameOf(StatusMapping.StatusOf(code))))
            .OrderBy(row => row.Code, StringComparer.Ordinal);
        Assert.Equal(mapped, documented);
    }

    // DeadlineExceeded to DEADLINE_EXCEEDED, as the protocol spells it.
    private static string NameOf(StatusCode status) => string.Concat(status.ToString().Select((letter, index) =>
        char.IsUpper(letter) && index > 0 ? $"_{letter}" : char.ToUpperInvariant(letter).ToString()));
}
