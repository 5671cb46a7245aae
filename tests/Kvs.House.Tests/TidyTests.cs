using System.Text.RegularExpressions;
using Xunit;

namespace Kvs.House.Tests;

/// <summary>Sizes, names and small manners that no analyzer checks (style 1.1, 1.3, 4.1, 4.4, 6.5, 7.4).</summary>
public sealed partial class TidyTests
{
    private const int FileLinesMax = 500;
    private const int TestFileLinesMax = 700;
    private const int MethodLinesMax = 70;
    private const int ColumnsMax = 140;
    private const int FilesInAFolderMax = 18;

    private static readonly string[] Product = ["src"];
    private static readonly string[] Everything = ["src", "tests", "bench", "tools", "examples"];
    private static readonly string[] DumpingGrounds = ["Util", "Utils", "Utility", "Helper", "Helpers", "Manager", "Managers", "Common", "Misc"];

    [Fact]
    public void Files_stay_small()
    {
        Findings.None(Everything.SelectMany(folder => SourceTree.CSharpFiles(folder))
            .Select(path => (Path: SourceTree.Short(path), Lines: File.ReadLines(path).Count()))
            .Where(file => file.Lines > (file.Path.StartsWith("src", StringComparison.Ordinal) ? FileLinesMax : TestFileLinesMax)));
    }

    [Fact]
    public void Folders_stay_small()
    {
        Findings.None(SourceTree.CSharpFiles(Product)
            .GroupBy(path => SourceTree.Short(Path.GetDirectoryName(path)!))
            .Where(folder => folder.Count() > FilesInAFolderMax)
            .Select(folder => $"{folder.Key}: {folder.Count()} files; make sub-folders by topic"));
    }

    [Fact]
    public void Methods_stay_short()
    {
        Findings.None(SourceTree.CSharpFiles(Everything).SelectMany(LongMethods)
            .Where(method => !method.StartsWith("tests/Kvs.Core.Tests/Protocol/ProtocolExamples.cs", StringComparison.Ordinal)));
    }

    [Fact]
    public void Lines_stay_readable()
    {
        Findings.None(FindLines(Product, line => line.Length > ColumnsMax));
    }

    [Fact]
    public void No_dumping_grounds()
    {
        Findings.None(SourceTree.CSharpFiles(Everything)
            .Where(path => SourceTree.Short(path).Split('/', '.').Any(part => DumpingGrounds.Any(word => part.EndsWith(word, StringComparison.Ordinal))))
            .Select(SourceTree.Short));
    }

    [Fact]
    public void Code_is_ascii()
    {
        Findings.None(FindLines(Everything, line => line.Any(c => c > 127) && !line.Contains('"')));
    }

    [Fact]
    public void No_regions_and_no_unnumbered_todo()
    {
        Findings.None(FindLines(Product, line =>
            line.TrimStart().StartsWith("#region", StringComparison.Ordinal)
            || (line.Contains("TODO", StringComparison.Ordinal) && !NumberedTodo().IsMatch(line))));
    }

    [Fact]
    public void Unsafe_code_stays_in_its_rooms()
    {
        string[] allowed = ["src/Kvs.Core/Primitives/", "src/Kvs.Core/Platform/", "src/Kvs.Core/Buffers/", "src/Kvs.Core/Index/"];
        Findings.None(FindLines(Product, line => UnsafeKeyword().IsMatch(line))
            .Where(found => !allowed.Any(room => found.StartsWith(room, StringComparison.Ordinal))));
    }

    [Fact]
    public void Tests_do_not_sleep()
    {
        Findings.None(FindLines(["tests"], line =>
            line.Contains("Thread.Sleep(", StringComparison.Ordinal) || SleepingDelay().IsMatch(line))
            .Where(found => !found.StartsWith("tests/Kvs.House.Tests/", StringComparison.Ordinal)));
    }

    [Fact]
    public void Namespaces_follow_folders()
    {
        Findings.None(SourceTree.CSharpFiles(Product)
            .Where(path => Path.GetFileName(path) is not ("Program.cs" or "AssemblyInfo.cs"))
            .Select(path => (Path: SourceTree.Short(path), Expected: ExpectedNamespace(path), Text: File.ReadAllText(path)))
            .Where(file => !file.Text.Contains($"namespace {file.Expected};", StringComparison.Ordinal))
            .Select(file => $"{file.Path}: namespace {file.Expected}"));
    }

    private static string ExpectedNamespace(string path)
    {
        var parts = SourceTree.Short(Path.GetDirectoryName(path)!).Split('/');
        return string.Join('.', parts.Skip(1));
    }

    private static IEnumerable<string> FindLines(string[] folders, Func<string, bool> isWrong) =>
        from path in SourceTree.CSharpFiles(folders)
        from line in File.ReadLines(path).Select((text, index) => (Text: text, Number: index + 1))
        where isWrong(line.Text)
        select $"{SourceTree.Short(path)}:{line.Number}: {line.Text.Trim()}";

    /// <summary>
    /// Methods by their layout, which the formatter guarantees: a member's braces stand alone, indented by 4 or 8.
    /// A block inside a method looks the same at 8 and is shorter than its method, so it does no harm.
    /// </summary>
    private static IEnumerable<string> LongMethods(string path)
    {
        var lines = File.ReadAllLines(path);
        for (var start = 0; start < lines.Length; start++)
        {
            if (lines[start] is not ("    {" or "        {") || IsTypeBefore(lines, start))
            {
                continue;
            }

            var close = lines[start].Replace('{', '}');
            var end = Array.FindIndex(lines, start, line => line.StartsWith(close, StringComparison.Ordinal));
            if (end - start - 1 > MethodLinesMax)
            {
                yield return $"{SourceTree.Short(path)}:{start}: {end - start - 1} lines";
            }
        }
    }

    private static bool IsTypeBefore(string[] lines, int brace)
    {
        for (var i = brace - 1; i >= 0 && lines[i].Length > 0; i--)
        {
            if (TypeDeclaration().IsMatch(lines[i]))
            {
                return true;
            }
        }

        return false;
    }

    [GeneratedRegex(@"TODO\(#\d+\)")]
    private static partial Regex NumberedTodo();

    [GeneratedRegex(@"\bunsafe\b(?!-)")]
    private static partial Regex UnsafeKeyword();

    [GeneratedRegex(@"Task\.Delay\((?!.*([tT]ime|[cC]lock|Infinite))")]
    private static partial Regex SleepingDelay();

    [GeneratedRegex(@"^\s*(public|internal|private|protected|file|static|sealed|abstract|readonly|partial|ref|unsafe|\s)*\b(class|struct|interface|record|enum)\b")]
    private static partial Regex TypeDeclaration();
}
