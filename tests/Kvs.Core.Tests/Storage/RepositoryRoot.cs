namespace Kvs.Core.Tests.Storage;

/// <summary>Where the repository lies, seen from the built tests.</summary>
internal static class RepositoryRoot
{
    internal static string Path { get; } = Find();

    private static string Find()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(System.IO.Path.Combine(folder, "KvsTcp.sln")))
        {
            folder = System.IO.Path.GetDirectoryName(folder) ?? throw new InvalidOperationException(
                "No KvsTcp.sln above the tests.");
        }

        return folder;
    }
}
