using System.IO.Compression;
using System.Xml.Linq;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Core.Tests.Engines;

public sealed class PackageTests
{
    private const string Version = "0.0.0-packagetest";

    [PackageFact]
    public async Task A_project_outside_the_solution_uses_the_packed_store()
    {
        using var feed = new TemporaryDirectory();
        var packed = await ChildProcess.DotnetAsync(
            "pack", "src/Kvs.Core", "-c", "Release", "--no-build", "-o", feed.FullPath, $"-p:PackageVersion={Version}");
        Assert.True(packed.ExitCode == 0, packed.Output);
        AssertIsWhole(feed.At($"KvsTcp.{Version}.nupkg"));

        // The cache would give an older build of the same version.
        var cached = Path.Combine(CacheFolder(), "kvstcp", Version);
        if (Directory.Exists(cached))
        {
            Directory.Delete(cached, recursive: true);
        }

        var tested = await ChildProcess.DotnetAsync(
            "test", "tests/package/Kvs.Package.Tests", "-c", "Release", $"-p:KvsPackageVersion={Version}",
            $"-p:RestoreAdditionalProjectSources={feed.FullPath}");
        Assert.True(tested.ExitCode == 0, tested.Output);
        Assert.Contains("Passed:     2", tested.Output, StringComparison.Ordinal);
    }

    private static void AssertIsWhole(string package)
    {
        using var files = ZipFile.OpenRead(package);
        Assert.DoesNotContain(files.Entries, file => file.FullName.StartsWith("runtimes/", StringComparison.Ordinal));
        using var manifest = files.Entries.Single(file => file.Name == "KvsTcp.nuspec").Open();
        var elements = XDocument.Load(manifest).Descendants().ToList();
        Assert.DoesNotContain(elements, element => element.Name.LocalName == "dependency");
        var readme = Assert.Single(elements, element => element.Name.LocalName == "readme").Value;
        using var text = new StreamReader(files.GetEntry(readme)!.Open());
        Assert.Contains("KvStore.OpenAsync", text.ReadToEnd(), StringComparison.Ordinal);
    }

    private static string CacheFolder() => Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    [AttributeUsage(AttributeTargets.Method)]
    private sealed class PackageFactAttribute : FactAttribute
    {
        public PackageFactAttribute()
        {
            if (Environment.GetEnvironmentVariable("KVS_PACKAGE_TEST") != "1")
            {
                Skip = "Packs and restores, which takes a while: set KVS_PACKAGE_TEST=1 to run it.";
            }
        }
    }
}
