using Kvs.TestKit;

namespace Kvs.House.Tests;

/// <summary>The repository's files, as the tests see them.</summary>
internal static class SourceTree
{
    /// <summary>The folder of the solution.</summary>
    internal static string Root => Repository.Root;

    /// <summary>All C# files of ours, below some top folders.</summary>
    /// <param name="folders">Folders below the root.</param>
    /// <returns>Full paths.</returns>
    internal static IEnumerable<string> CSharpFiles(params string[] folders) =>
        folders.Select(folder => Path.Combine(Root, folder))
            .Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
            .Where(IsOurs)
            .Order(StringComparer.Ordinal);

    /// <summary>All documents of ours.</summary>
    /// <returns>Full paths.</returns>
    internal static IEnumerable<string> Documents() =>
        Directory.EnumerateFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories)
            .Concat(Directory.EnumerateFiles(Root, "*.md"))
            .Order(StringComparer.Ordinal);

    /// <summary>A path as people write it: below the root, with slashes.</summary>
    /// <param name="path">A full path.</param>
    /// <returns>The short path.</returns>
    internal static string Short(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    private static bool IsOurs(string path) =>
        !Short(path).Split('/').Any(part => part is "obj" or "bin");
}
