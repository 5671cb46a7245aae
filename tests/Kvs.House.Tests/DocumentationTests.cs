using System.Reflection;
using System.Text.RegularExpressions;
using Kvs.Core.Primitives;
using Xunit;

namespace Kvs.House.Tests;

/// <summary>What the documents say about the code is true: rooms, paths, error codes, links (style 1.5, 2, 5.4, 8.8).</summary>
public sealed partial class DocumentationTests
{
    [Fact]
    public void Architecture_names_every_room_and_no_other()
    {
        var documented = TableCells("docs/architecture.md", "Rooms", 0).Select(cell => cell.Trim('`'));
        var rooms = new[] { "Kvs.Core", "Kvs.Server", "Kvs.Client" }
            .SelectMany(project => Directory.EnumerateDirectories(Path.Combine(SourceTree.Root, "src", project)))
            .Where(folder => SourceTree.CSharpFiles(SourceTree.Short(folder)).Any())
            .Select(folder => SourceTree.Short(folder)["src/Kvs.".Length..]);
        Assert.Equal(rooms.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    /// <summary>SET: nine hops from the socket to the disk, two back to the reader and the client.</summary>
    [Theory]
    [InlineData("The path of one SET", 11, 10)]
    [InlineData("The path of one GET", 8, 7)]
    public void Paths_name_methods_that_exist(string heading, int hopsMax, int typesMax)
    {
        var hops = TableCells("docs/architecture.md", heading, 1)
            .Select(cell => HopPattern().Match(cell))
            .Where(match => match.Success)
            .Select(match => (Type: match.Groups[1].Value, Method: match.Groups[2].Value))
            .ToList();
        Assert.InRange(hops.Count, 3, hopsMax);
        Assert.InRange(hops.Select(hop => hop.Type).Distinct().Count(), 3, typesMax);
        Findings.None(hops.Where(hop => !Exists(hop.Type, hop.Method)));
    }

    [Fact]
    public void Every_error_code_has_its_line_with_a_remedy()
    {
        var rows = TableRows("docs/errors.md", "Codes").ToDictionary(row => row[1].Trim('`'), row => row);
        foreach (var code in Enum.GetValues<ErrorCode>().Where(code => code != ErrorCode.None))
        {
            Assert.True(rows.Remove(code.ToString(), out var row), $"docs/errors.md has no line for {code}");
            Assert.Equal(((int)code).ToString(), row[0]);
            Assert.True(row.Length >= 5 && row.Skip(2).Take(3).All(cell => cell.Length > 1), $"{code}: meaning, remedy and retry are wanted");
        }

        Findings.None(rows.Keys);
    }

    [Fact]
    public void Links_between_documents_resolve()
    {
        var broken =
            from document in SourceTree.Documents()
            from Match link in LinkPattern().Matches(File.ReadAllText(document))
            let target = link.Groups[1].Value
            where !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith('#')
            let path = Path.Combine(Path.GetDirectoryName(document)!, target.Split('#')[0])
            where !File.Exists(path) && !Directory.Exists(path)
            select $"{SourceTree.Short(document)}: {target}";
        Findings.None(broken);
    }

    [Fact]
    public void Changelog_has_the_version_that_is_built()
    {
        var version = typeof(KvsVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
        Assert.Contains($"## {version}", File.ReadAllText(Path.Combine(SourceTree.Root, "CHANGELOG.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void Decisions_are_numbered_without_gaps()
    {
        var numbers = Directory.EnumerateFiles(Path.Combine(SourceTree.Root, "docs/decisions"), "*.md")
            .Select(path => int.Parse(Path.GetFileName(path)[..4]))
            .Order()
            .ToList();
        Assert.Equal(Enumerable.Range(1, numbers.Count), numbers);
    }

    private static bool Exists(string type, string method) =>
        new[] { typeof(KvsVersion).Assembly, Assembly.Load("kvs-server") }
            .SelectMany(assembly => assembly.GetTypes())
            .Where(candidate => candidate.Name.Split('`')[0] == type)
            .SelectMany(candidate => candidate.GetMembers(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static))
            .Any(member => member.Name == method);

    private static IEnumerable<string> TableCells(string document, string heading, int column) =>
        TableRows(document, heading).Select(row => row[column]);

    /// <summary>Rows of the first table below a heading, without its head.</summary>
    private static IEnumerable<string[]> TableRows(string document, string heading) =>
        File.ReadLines(Path.Combine(SourceTree.Root, document))
            .SkipWhile(line => !(line.StartsWith('#') && line.TrimStart('#').Trim() == heading))
            .Skip(1)
            .SkipWhile(line => !line.StartsWith('|'))
            .TakeWhile(line => line.StartsWith('|'))
            .Skip(2)
            .Select(line => line.Trim('|').Split('|').Select(cell => cell.Trim()).ToArray());

    [GeneratedRegex(@"`(\w+)\.(\w+)`")]
    private static partial Regex HopPattern();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex LinkPattern();
}
