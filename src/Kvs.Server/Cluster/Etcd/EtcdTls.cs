using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kvs.Core.Primitives;

namespace Kvs.Server.Cluster.Etcd;

/// <summary>The files for https to etcd, all PEM.</summary>
/// <param name="CaFile">Who must have signed etcd's certificate; null for the system's authorities.</param>
/// <param name="CertificateFile">Our certificate, where etcd asks for one; null without.</param>
/// <param name="KeyFile">Its key; null when the certificate's file holds it.</param>
internal sealed record EtcdTls(string? CaFile, string? CertificateFile, string? KeyFile)
{
    /// <summary>Reads the files.</summary>
    /// <exception cref="KvsConfigurationException">One of them cannot be read or holds something else.</exception>
    internal SslClientAuthenticationOptions Load()
    {
        var options = new SslClientAuthenticationOptions();
        if (CaFile is not null)
        {
            options.CertificateChainPolicy = Read(CaFile, TrustOnly);
        }

        if (CertificateFile is not null)
        {
            options.ClientCertificates = [Read(CertificateFile, WithKey)];
        }

        return options;
    }

    private static X509ChainPolicy TrustOnly(string caFile)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,

            // An authority of one's own rarely publishes revocations, and a list that cannot be fetched must not end a
            // cluster.
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.ImportFromPemFile(caFile);
        return policy.CustomTrustStore.Count > 0
            ? policy
            : throw new CryptographicException("It holds no certificate.");
    }

    private X509Certificate2 WithKey(string certificateFile) =>
        Usable(X509Certificate2.CreateFromPemFile(certificateFile, KeyFile));

    /// <summary>Windows speaks TLS only with keys that went through its store's format.</summary>
    private static X509Certificate2 Usable(X509Certificate2 certificate)
    {
        if (!OperatingSystem.IsWindows())
        {
            return certificate;
        }

        using (certificate)
        {
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
        }
    }

    private static T Read<T>(string file, Func<string, T> read)
    {
        try
        {
            return read(file);
        }
        catch (Exception failure) when (failure
            is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new KvsConfigurationException(
                $"The TLS file {file} for etcd cannot be used: {failure.Message} Give a readable PEM file.", failure);
        }
    }
}
