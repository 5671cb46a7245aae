using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kvs.Server.Cluster.Etcd;
using Kvs.TestKit.Processes;

namespace Kvs.Server.Tests.Cluster.Etcd.Real;

/// <summary>An authority of its own, with certificates for etcd and for its client. Ownership: of the files.</summary>
internal sealed class EtcdSecurity : IDisposable
{
    private static readonly DateTimeOffset _from = TimeProvider.System.GetUtcNow().AddDays(-1);
    private static readonly DateTimeOffset _until = _from.AddDays(3);

    private readonly TemporaryDirectory _directory = new();

    /// <summary>Makes all of it.</summary>
    internal EtcdSecurity()
    {
        using var caKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test authority", caKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        using var ca = request.CreateSelfSigned(_from, _until);
        CaFile = _directory.Write("ca.pem", ca.ExportCertificatePem());
        Issue(ca, "server", 1);
        Issue(ca, "client", 2);
    }

    /// <summary>The authority's certificate.</summary>
    internal string CaFile { get; }

    /// <summary>For our client.</summary>
    internal EtcdTls Tls => new(CaFile, _directory.At("client.pem"), _directory.At("client.key"));

    /// <summary>For etcd.</summary>
    internal string[] ServerArguments =>
    [
        "--cert-file", _directory.At("server.pem"),
        "--key-file", _directory.At("server.key"),
        "--trusted-ca-file", CaFile,
        "--client-cert-auth",
    ];

    /// <summary>For etcdctl.</summary>
    internal string[] ClientArguments => ["--cacert", CaFile, "--cert", _directory.At("client.pem"), "--key", _directory.At("client.key")];

    /// <inheritdoc/>
    public void Dispose() => _directory.Dispose();

    private void Issue(X509Certificate2 ca, string name, byte serial)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());

        // etcd's gateway is its own client, with its server certificate.
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(
            [new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        using var certificate = request.Create(ca, _from, _until, [serial]);
        _directory.Write($"{name}.pem", certificate.ExportCertificatePem());
        _directory.Write($"{name}.key", key.ExportPkcs8PrivateKeyPem());
    }
}
