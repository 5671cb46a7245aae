using System.Net;
using System.Text;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Requests;
using Kvs.Server.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Kvs.Server.Doors.Web;

/// <summary>
/// Judges who sends a request and whether he may: by the header Authorization (Basic: user and password, Bearer: a token), else by
/// the certificate of the connection. Each request says it anew. Threading: any thread.
/// </summary>
/// <param name="access">Who may come in.</param>
internal sealed class WebGuard(IAccess access)
{
    private const string BasicScheme = "Basic ";
    private const string BearerScheme = "Bearer ";

    /// <summary>What a client is asked for that has not said who he is.</summary>
    internal static readonly StringValues Challenge = new(["Basic realm=\"kvs\", charset=\"UTF-8\"", "Bearer realm=\"kvs\""]);

    /// <summary>Lets a request pass, or not.</summary>
    /// <param name="context">The request; its route has been chosen.</param>
    /// <returns>Ends the request when the access is taken back; null where nobody's can be. Ownership: of who answers it.</returns>
    /// <exception cref="KvsException">It is not let in.</exception>
    internal async ValueTask<Admission?> AdmitAsync(HttpContext context)
    {
        // A path that leads nowhere tells nothing, and needs nobody.
        var need = context.GetEndpoint() is { } endpoint ? WebAccess.NeedOf(endpoint) : RouteNeed.Nothing;
        if (need == RouteNeed.Nothing || access.Stranger is not null)
        {
            return null;
        }

        var role = (Role)need;
        var peer = $"{new IPEndPoint(context.Connection.RemoteIpAddress ?? IPAddress.None, context.Connection.RemotePort)}";
        var header = context.Request.Headers.Authorization.ToString();
        var identity = await IdentifyAsync(context, header, peer);
        if (identity is null)
        {
            access.NoteRefused(null, role, peer);
            throw new KvsAccessException(ErrorCode.Unauthenticated, SessionAccess.UnknownText);
        }

        if (!identity.Allows(role))
        {
            access.NoteRefused(identity, role, peer);
            throw new KvsAccessException(ErrorCode.PermissionDenied, SessionAccess.DeniedText(identity, role));
        }

        return context.Features.Get<WebConnection>()?.Admit(context, identity, role);
    }

    private async ValueTask<Identity?> IdentifyAsync(HttpContext context, string header, string peer)
    {
        if (header.StartsWith(BasicScheme, StringComparison.OrdinalIgnoreCase))
        {
            return TryReadBasic(header[BasicScheme.Length..], out var user, out var password)
                ? await access.ByPasswordAsync(user, password, peer)
                : null;
        }

        if (header.StartsWith(BearerScheme, StringComparison.OrdinalIgnoreCase))
        {
            return access.ByToken(Encoding.UTF8.GetBytes(header[BearerScheme.Length..].Trim()), peer);
        }

        return context.Connection.ClientCertificate is { } certificate ? access.ByCertificate(certificate) : null;
    }

    private static bool TryReadBasic(string text, out string user, out ReadOnlyMemory<byte> password)
    {
        (user, password) = ("", default);
        var bytes = new byte[text.Length];
        if (!Convert.TryFromBase64String(text.Trim(), bytes, out var length))
        {
            return false;
        }

        var colon = bytes.AsSpan(0, length).IndexOf((byte)':');
        if (colon is <= 0 or > AuthRequest.NameBytesMax || length - colon - 1 is <= 0 or > AuthRequest.SecretBytesMax)
        {
            return false;
        }

        user = Encoding.UTF8.GetString(bytes, 0, colon);
        password = bytes.AsMemory(colon + 1, length - colon - 1);
        return true;
    }
}
