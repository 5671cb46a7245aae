namespace Kvs.TestKit;

/// <summary>Finds files of the repository from where the tests run.</summary>
internal static class Repository
{
    /// <summary>The folder of the solution.</summary>
    internal static string Root { get; } = FindRoot();

    /// <summary>Debug or Release, as the tests were built.</summary>
    internal static string Configuration { get; } =
        AppContext.BaseDirectory.Split('/', '\\').Contains("Debug") ? "Debug" : "Release";

    /// <summary>A program of the solution as the build left it.</summary>
    /// <param name="project">The project's folder under src.</param>
    /// <param name="name">The program.</param>
    /// <returns>Its path.</returns>
    internal static string Program(string project, string name) => Path.Combine(
        Root, "src", project, "bin", Configuration, "net10.0", OperatingSystem.IsWindows() ? name + ".exe" : name);

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "KvsTcp.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException(
                $"KvsTcp.sln is in no folder above {AppContext.BaseDirectory}.");
        }

        return folder.FullName;
    }
}
