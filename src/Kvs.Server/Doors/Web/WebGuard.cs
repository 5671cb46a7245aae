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
    /// <exception cref="KvsException">It is not let in.</exception>
    internal async ValueTask AdmitAsync(HttpContext context)
    {
        // A path that leads nowhere tells nothing, and needs nobody.
        var need = context.GetEndpoint() is { } endpoint ? WebAccess.NeedOf(endpoint) : RouteNeed.Nothing;
        if (need == RouteNeed.Nothing)
        {
            return;
        }

        var identity = await IdentifyAsync(context)
            ?? throw new KvsAccessException(ErrorCode.Unauthenticated, SessionAccess.UnknownText);
        var role = (Role)need;
        if (!identity.Allows(role))
        {
            throw new KvsAccessException(ErrorCode.PermissionDenied, SessionAccess.DeniedText(identity, role));
        }

        context.Features.Set(new Admission(access, identity, role));
    }

    /// <summary>For whom a request was let in.</summary>
    /// <param name="context">The request.</param>
    internal static Admission AdmissionOf(HttpContext context) => context.Features.Get<Admission>() ?? Admission.Free;

    private async ValueTask<Identity?> IdentifyAsync(HttpContext context)
    {
        if (access.Stranger is { } stranger)
        {
            return stranger;
        }

        var header = context.Request.Headers.Authorization.ToString();
        var peer = $"{context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}";
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
