using System.Net;
using System.Net.Sockets;

namespace Kvs.Bench.Servers;

/// <summary>Finds programs and ports.</summary>
internal static class Programs
{
    /// <summary>The server as users run it: precompiled, from its own output folder.</summary>
    internal static string OwnServer() => Own("Kvs.Server", "kvs-server");

    /// <summary>The client, the same.</summary>
    internal static string OwnClient() => Own("Kvs.Client", "kvs-client");

    private static string Own(string project, string name)
    {
        var path = Path.Combine(Repository(), "src", project, "bin", Configuration, "net10.0", name);
        return File.Exists(path) ? path : throw new FileNotFoundException("Build the solution first: ./dev build", path);
    }

    /// <summary>A program on the path of this process, or among the tools of this repository or user.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>Its path; null when it is not installed.</returns>
    internal static string? Find(string name)
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string[] folders =
        [
            Path.Combine(Repository(), "artifacts/tools"),
            .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries),
            Path.Combine(home, ".dotnet/tools"),
        ];
        return folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
    }

    // That of this program: Debug or Release.
    private static string Configuration =>
        AppContext.BaseDirectory.Split('/', '\\').Contains("Debug") ? "Debug" : "Release";

    /// <summary>Root of the repository.</summary>
    internal static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !folder.EnumerateFiles("KvsTcp.sln").Any())
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? ".";
    }

    /// <summary>Ports that are free at this moment.</summary>
    /// <param name="count">How many.</param>
    internal static int[] FreePorts(int count)
    {
        var probes = Enumerable.Range(0, count).Select(static _ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        probes.ForEach(static probe => probe.Start());
        var ports = probes.Select(static probe => ((IPEndPoint)probe.LocalEndpoint).Port).ToArray();
        probes.ForEach(static probe => probe.Dispose());
        return ports;
    }
}
