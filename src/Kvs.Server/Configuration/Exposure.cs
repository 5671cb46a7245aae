using System.Net;
using Kvs.Core.Platform.Tls;
using Kvs.Core.Primitives;

namespace Kvs.Server.Configuration;

/// <summary>
/// What others may reach must ask them who they are, and must not let them be overheard: else only this machine may reach it.
/// </summary>
internal static class Exposure
{
    /// <summary>Refuses addresses that others may reach, unless the options say that they are wanted.</summary>
    /// <param name="options">The options.</param>
    /// <exception cref="KvsException">One is not loopback.</exception>
    internal static void ThrowIfExposed(ServerOptions options)
    {
        if (options.Insecure || WhyNot(options) is not { } danger)
        {
            return;
        }

        foreach (var address in options.Addresses)
        {
            ThrowIfExposed(address, danger);
        }
    }

    private static void ThrowIfExposed(KvsAddress address, string danger)
    {
        var isLiteral = IPAddress.TryParse(address.Host, out var literal);
        var isLoopback = isLiteral ? IPAddress.IsLoopback(literal!) : address.Host == "localhost";
        if (isLoopback)
        {
            return;
        }

        var what = isLiteral
            ? $"{address} is not a loopback address"
            : $"{address.Host} is a name, and of names only localhost is known to be loopback";
        throw new KvsException(ErrorCode.Configuration, $"{what}; {danger}. Add --insecure if that is wanted");
    }

    private static string? WhyNot(ServerOptions options) => options switch
    {
        { UsersFile: null, TlsClients: not TlsClients.Required } => "clients are not authenticated: anyone who reaches it "
            + "could read and change everything (--users-file names those who may)",
        { TlsCertificateFile: null } => "without TLS (--tls-cert) everyone on the way reads passwords and data",
        _ => null,
    };
}
