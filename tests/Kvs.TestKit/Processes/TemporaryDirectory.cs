namespace Kvs.TestKit.Processes;

/// <summary>A new directory that is removed, with all that is in it, at the end of the test.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    /// <summary>Its full path.</summary>
    internal string FullPath { get; } = Directory.CreateTempSubdirectory("kvs-test-").FullName;

    /// <summary>The path of something in it.</summary>
    /// <param name="name">The name.</param>
    /// <returns>The full path.</returns>
    internal string At(string name) => Path.Combine(FullPath, name);

    /// <summary>Writes a file.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="text">Its text.</param>
    /// <returns>Its full path.</returns>
    internal string Write(string name, string text)
    {
        File.WriteAllText(At(name), text);
        return At(name);
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(FullPath, recursive: true);
}
