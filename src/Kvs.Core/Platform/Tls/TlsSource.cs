using Kvs.Core.Platform.Files;
using Kvs.Core.Primitives;

namespace Kvs.Core.Platform.Tls;

/// <summary>
/// Certificates from files, read again when they have changed: new connections use the new ones. Threading: any thread.
/// </summary>
internal sealed class TlsSource
{
    private readonly FreshFiles<TlsMaterial> _files;

    /// <summary>Reads the files.</summary>
    /// <param name="system">The file system.</param>
    /// <param name="files">Which files.</param>
    /// <param name="time">The clock.</param>
    /// <param name="broken">Told when changed files are of no use, and why: those before stay.</param>
    /// <exception cref="KvsConfigurationException">They cannot be read, or hold something else.</exception>
    internal TlsSource(IFileSystem system, TlsFiles files, TimeProvider time, Action<string> broken) => _files =
        new FreshFiles<TlsMaterial>(system, files.Paths, contents => TlsMaterial.Of(files, contents), time, broken);

    /// <summary>What they hold now.</summary>
    internal TlsMaterial Current => _files.Current;
}
