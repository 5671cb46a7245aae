using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kvs.TestKit.Processes;

namespace Kvs.TestKit.Certificates;

/// <summary>
/// A certificate authority that lives as long as a test, and writes what it signs into the test's directory as PEM.
/// Ownership: of its key.
/// </summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly TemporaryDirectory _directory;
    private readonly X509Certificate2 _certificate;

    /// <summary>Makes one.</summary>
    /// <param name="directory">Where its files go.</param>
    /// <param name="name">Its name, also of its file.</param>
    internal TestAuthority(TemporaryDirectory directory, string name = "authority")
    {
        _directory = directory;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = TimeProvider.System.GetUtcNow();
        _certificate = request.CreateSelfSigned(now.AddHours(-1), now.AddHours(2));
        CaFile = directory.Write($"{name}.pem", _certificate.ExportCertificatePem());
    }

    /// <summary>File of its certificate.</summary>
    internal string CaFile { get; }

    /// <summary>Signs a certificate for servers and clients, and writes it with its key into one file.</summary>
    /// <param name="subject">Its subject, without CN=; also the name of the file.</param>
    /// <param name="host">The host that it is for; null for loopback.</param>
    /// <returns>The file.</returns>
    internal string Sign(string subject, string? host = null) => Sign(subject, host, out _);

    /// <summary>Signs a certificate, and tells its fingerprint.</summary>
    /// <param name="subject">Its subject, without CN=; also the name of the file.</param>
    /// <param name="host">The host that it is for; null for loopback.</param>
    /// <param name="fingerprint">Its SHA-256 fingerprint.</param>
    /// <returns>The file.</returns>
    internal string Sign(string subject, string? host, out string fingerprint)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={subject}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host ?? "localhost");
        if (host is null)
        {
            names.AddIpAddress(IPAddress.Loopback);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(
            [new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false));
        var now = TimeProvider.System.GetUtcNow();
        using var signed = request.Create(_certificate, now.AddMinutes(-30), now.AddHours(1), RandomNumberGenerator.GetBytes(8));
        fingerprint = signed.GetCertHashString(HashAlgorithmName.SHA256);
        return _directory.Write($"{subject}.pem", signed.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    /// <inheritdoc/>
    public void Dispose() => _certificate.Dispose();
}
