namespace Kvs.Core.Platform.Tls;

/// <summary>The files of one side of TLS, all PEM.</summary>
/// <param name="CaFile">Authorities that must have signed the other side's certificate; null for those of the system.</param>
/// <param name="CertificateFile">This side's certificate, its intermediate authorities behind it; null for none.</param>
/// <param name="KeyFile">Its key, not encrypted; null when the certificate's file holds it.</param>
internal sealed record TlsFiles(string? CaFile, string? CertificateFile, string? KeyFile)
{
    /// <summary>Those that are there, in a fixed order.</summary>
    internal IReadOnlyList<string> Paths => [.. new[] { CaFile, CertificateFile, KeyFile }.OfType<string>()];
}

/// <summary>Whether a server asks clients for a certificate.</summary>
internal enum TlsClients
{
    /// <summary>It asks for none.</summary>
    None = 0,

    /// <summary>It asks, and takes those who have none.</summary>
    Optional = 1,

    /// <summary>It takes nobody without one that an authority of its own has signed.</summary>
    Required = 2,
}
