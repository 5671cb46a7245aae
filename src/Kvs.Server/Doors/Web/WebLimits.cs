using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Kvs.Server.Doors.Web;

/// <summary>The limits of the server in the terms of Kestrel.</summary>
internal static class WebLimits
{
    /// <summary>Bytes of a body or an answer that must move within the time limit of either.</summary>
    private const double PartBytes = 4096;

    /// <summary>
    /// A time limit that never passes. Kestrel takes the infinite one, and adds it to its clock: beyond the last number that is
    /// the past, so that a connection without a request was closed a second later.
    /// </summary>
    private static readonly TimeSpan _never = TimeSpan.FromDays(10 * 365);

    /// <summary>Kestrel looks at its rates once a second and takes no shorter grace.</summary>
    private static readonly TimeSpan _graceMin = TimeSpan.FromSeconds(1.1);

    /// <summary>Sets them.</summary>
    /// <param name="kestrel">Kestrel's.</param>
    /// <param name="options">The server's.</param>
    internal static void Set(KestrelServerOptions kestrel, WebDoorOptions options)
    {
        var limits = kestrel.Limits;
        kestrel.AddServerHeader = false;
        kestrel.AllowSynchronousIO = false;
        limits.MaxRequestLineSize = WebDoorOptions.RequestLineBytesMax;

        // By HTTP/2, which is spoken with TLS, the path is one of the headers.
        limits.MaxRequestHeadersTotalSize = WebDoorOptions.HeaderBytesMax
            + (options.Tls is null ? 0 : WebDoorOptions.RequestLineBytesMax);
        limits.Http2.MaxRequestHeaderFieldSize = WebDoorOptions.RequestLineBytesMax;
        limits.MaxRequestBufferSize = Math.Max(
            options.SessionBytesMax, WebDoorOptions.RequestLineBytesMax + WebDoorOptions.HeaderBytesMax);
        limits.MaxResponseBufferSize = StoreCalls.OwnBytes;
        limits.MaxConcurrentUpgradedConnections = 0;

        // Each route bounds what it reads, within the budget of all doors.
        limits.MaxRequestBodySize = null;
        limits.KeepAliveTimeout = Limit(options.IdleTimeout);
        limits.RequestHeadersTimeout = Limit(options.FrameTimeout);
        limits.MinRequestBodyDataRate = Rate(options.FrameTimeout);
        limits.MinResponseDataRate = Rate(options.SendTimeout);
    }

    private static TimeSpan Limit(TimeSpan limit) => limit > TimeSpan.Zero ? limit : _never;

    private static MinDataRate? Rate(TimeSpan limit) => limit > TimeSpan.Zero
        ? new MinDataRate(PartBytes / limit.TotalSeconds, limit > _graceMin ? limit : _graceMin)
        : null;
}
