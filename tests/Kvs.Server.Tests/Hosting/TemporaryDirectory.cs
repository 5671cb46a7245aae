namespace Kvs.Server.Tests.Hosting;

/// <summary>A new directory that is removed at the end of the test.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    /// <summary>Its full path.</summary>
    internal string FullPath { get; } = Directory.CreateTempSubdirectory("kvs-test-").FullName;

    /// <summary>Writes a file.</summary>
    internal string Write(string name, string text)
    {
        var path = Path.Combine(FullPath, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(FullPath, recursive: true);
}
