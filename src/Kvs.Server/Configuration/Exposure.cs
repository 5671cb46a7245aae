using System.Net;
using Kvs.Core.Primitives;

namespace Kvs.Server.Configuration;

/// <summary>Whoever can connect to a door without authentication can read and write everything: only this machine may.</summary>
internal static class Exposure
{
    /// <summary>Refuses addresses that others may reach, unless the options say that they are wanted.</summary>
    /// <param name="options">The options.</param>
    /// <exception cref="KvsException">One is not loopback.</exception>
    internal static void ThrowIfExposed(ServerOptions options)
    {
        if (options.Insecure)
        {
            return;
        }

        foreach (var address in options.Addresses)
        {
            ThrowIfExposed(address);
        }
    }

    private static void ThrowIfExposed(KvsAddress address)
    {
        var isLiteral = IPAddress.TryParse(address.Host, out var literal);
        var isLoopback = isLiteral ? IPAddress.IsLoopback(literal!) : address.Host == "localhost";
        if (!isLoopback)
        {
            var what = isLiteral
                ? $"{address} is not a loopback address"
                : $"{address.Host} is a name, and of names only localhost is known to be loopback";
            throw new KvsException(
                ErrorCode.Configuration,
                $"{what}; clients are not authenticated: anyone who reaches "
                + "it could read and change everything. Add --insecure if that is wanted");
        }
    }
}
