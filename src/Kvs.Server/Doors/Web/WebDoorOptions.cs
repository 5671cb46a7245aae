using Kvs.Core.Platform.Tls;
using Kvs.Core.Primitives;

namespace Kvs.Server.Doors.Web;

/// <summary>Limits of the web door; docs/operations.md says what happens at each.</summary>
internal sealed record WebDoorOptions
{
    /// <summary>
    /// Longest request line (192 KiB): the largest key fits in it by base64. Longer ones are answered with 414.
    /// </summary>
    internal const int RequestLineBytesMax = 192 * 1024;

    /// <summary>All header lines of a request (32 KiB). More are answered with 431.</summary>
    internal const int HeaderBytesMax = 32 * 1024;

    /// <summary>The server's certificates; null to speak without TLS.</summary>
    internal TlsSource? Tls { get; init; }

    /// <summary>Whether clients are asked for a certificate.</summary>
    internal TlsClients TlsClients { get; init; }

    /// <summary>Told who is not let in for his certificate, and why.</summary>
    internal Action<string, string> TlsRefused { get; init; } = static (_, _) => { };

    /// <summary>Connections of all doors at once; one more is told so and closed.</summary>
    internal int ConnectionsMax { get; init; } = 10_000;

    /// <summary>What one connection may send ahead of its answers; at least a request line and its headers.</summary>
    internal int SessionBytesMax { get; init; } = 256 * 1024;

    /// <summary>Time without a request after which a connection is closed; zero for never.</summary>
    internal TimeSpan IdleTimeout { get; init; }

    /// <summary>Longest wait for the headers of a request, and for each 4 KiB of its body; zero for no limit.</summary>
    internal TimeSpan FrameTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest wait for a client to take an answer; zero for no limit.</summary>
    internal TimeSpan SendTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
