using Kvs.Core.Platform;
using Kvs.Core.Platform.Tls;
using Kvs.Core.Primitives;

namespace Kvs.Core.Client;

/// <summary>
/// TLS for a client: the server's certificate must be for the name or address that is connected to. Files are PEM, and are
/// read again when they have changed. Immutable.
/// </summary>
public sealed record KvsTls
{
    /// <summary>File of the authorities that may have signed the server's certificate; null for those of the system.</summary>
    public string? CaFile { get; init; }

    /// <summary>File of the client's own certificate, for servers that ask for one; null for none.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>File of its key, not encrypted; null when the certificate's file holds it.</summary>
    public string? KeyFile { get; init; }

    /// <summary>A network within TLS.</summary>
    /// <param name="network">The network.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="KvsConfigurationException">A file is of no use.</exception>
    internal ITransport Over(ITransport network, TimeProvider time)
    {
        if (KeyFile is not null && CertificateFile is null)
        {
            throw new KvsConfigurationException("a key is of no use without its certificate");
        }

        var files = new TlsFiles(CaFile, CertificateFile, KeyFile);

        // Files that are broken while they are replaced: those before go on, and a connection that needs the new ones fails.
        return new TlsTransport(network, new TlsSource(new DiskFileSystem(), files, time, static _ => { }));
    }
}
