using System.Net;
using Microsoft.AspNetCore.Http;

namespace Kvs.Server.Doors.Http.Requests;

/// <summary>
/// Which names a request may have been sent to. A page of a stranger can point a name of its own at this machine and read
/// what it likes with the visitor's browser (DNS rebinding); the browser still says that name. Addresses cannot be pointed.
/// </summary>
/// <param name="options">The names.</param>
internal sealed class HostRule(HttpDoorOptions options)
{
    private readonly HashSet<string> _names = new([.. options.Hosts, options.Address.Host, "localhost"], StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a request is answered.</summary>
    /// <param name="host">Its Host header; empty from clients older than that header.</param>
    internal bool Allows(HostString host)
    {
        var name = host.Host;
        return name.Length == 0
            || IPAddress.TryParse(name.AsSpan().TrimStart('[').TrimEnd(']'), out _)
            || _names.Contains("*")
            || _names.Contains(name.TrimEnd('.'));
    }
}
