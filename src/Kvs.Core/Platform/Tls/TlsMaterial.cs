using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Kvs.Core.Primitives;

namespace Kvs.Core.Platform.Tls;

/// <summary>What the files of one side hold, ready to be used. Immutable; connections that use it may outlive its successor.</summary>
internal sealed class TlsMaterial
{
    private const SslProtocols Protocols = SslProtocols.Tls12 | SslProtocols.Tls13;

    private readonly X509Certificate2Collection? _authorities;
    private readonly SslStreamCertificateContext? _certificate;

    private TlsMaterial(X509Certificate2Collection? authorities, SslStreamCertificateContext? certificate) =>
        (_authorities, _certificate) = (authorities, certificate);

    /// <summary>Makes it.</summary>
    /// <param name="files">Which files.</param>
    /// <param name="contents">What is in them, in the order of <see cref="TlsFiles.Paths"/>.</param>
    /// <exception cref="KvsConfigurationException">They hold something else; never says what.</exception>
    internal static TlsMaterial Of(TlsFiles files, IReadOnlyList<byte[]> contents)
    {
        // One file may be named twice: its certificate and its key are in it.
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (path, content) in files.Paths.Zip(contents))
        {
            texts[path] = Encoding.UTF8.GetString(content);
        }

        var authorities = files.CaFile is null ? null : Read(files.CaFile, () => Authorities(texts[files.CaFile]));
        var certificate = files.CertificateFile is not { } file
            ? null
            : Read(file, () => WithKey(texts[file], files.KeyFile is null ? texts[file] : texts[files.KeyFile]));
        return new TlsMaterial(authorities, certificate);
    }

    /// <summary>How a server shakes hands.</summary>
    /// <param name="clients">Whether it asks for certificates.</param>
    /// <param name="refused">Told of a client that is not let in, and what was wrong with its certificate.</param>
    internal SslServerAuthenticationOptions ForServer(TlsClients clients, Action<string> refused) => new()
    {
        ServerCertificateContext = _certificate,
        EnabledSslProtocols = Protocols,
        AllowRenegotiation = false,
        ClientCertificateRequired = clients != TlsClients.None,
        CertificateChainPolicy = TrustOnly(),
        RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
        {
            var why = clients switch
            {
                TlsClients.None => null,
                TlsClients.Optional when certificate is null => null,
                _ when certificate is null => "it shows no certificate",
                _ when errors != SslPolicyErrors.None =>
                    "its certificate is not of an authority that is trusted here, not for clients, or has expired",
                _ => null,
            };
            if (why is not null)
            {
                refused(why);
            }

            return why is null;
        },
    };

    /// <summary>How a client shakes hands.</summary>
    /// <param name="host">The name or address that the server's certificate must be for.</param>
    /// <param name="judged">Told what was wrong with it.</param>
    internal SslClientAuthenticationOptions ForClient(string host, Action<SslPolicyErrors> judged) => new()
    {
        TargetHost = host,
        EnabledSslProtocols = Protocols,
        AllowRenegotiation = false,
        CertificateChainPolicy = TrustOnly(),
        ClientCertificateContext = _certificate,
        RemoteCertificateValidationCallback = (_, _, _, errors) =>
        {
            judged(errors);
            return errors == SslPolicyErrors.None;
        },
    };

    private static X509Certificate2Collection Authorities(string pem)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(pem);
        return authorities.Count > 0 ? authorities : throw new CryptographicException("It holds no certificate.");
    }

    private static SslStreamCertificateContext WithKey(string pem, string keyPem)
    {
        var all = new X509Certificate2Collection();
        all.ImportFromPem(pem);
        var leaf = Usable(X509Certificate2.CreateFromPem(pem, keyPem));
        return SslStreamCertificateContext.Create(leaf, [.. all.Skip(1)], offline: true);
    }

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

    private static T Read<T>(string file, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            throw new KvsConfigurationException(
                $"the TLS file {file} (or its key) cannot be used: {failure.Message} Give PEM, the key not encrypted", failure);
        }
    }

    /// <summary>
    /// An authority of one's own rarely publishes revocations, and a list that cannot be fetched must not end a cluster: a
    /// certificate is taken back by its user's line in the users' file.
    /// </summary>
    private X509ChainPolicy TrustOnly()
    {
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck };
        if (_authorities is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(_authorities);
        }

        return policy;
    }
}
