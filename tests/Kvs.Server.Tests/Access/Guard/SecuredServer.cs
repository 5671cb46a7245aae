using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;
using Google.Protobuf;
using Kvs.Core.Client;
using Kvs.Server.Access;
using Kvs.Server.Doors.Grpc.Contract;
using Kvs.Server.Tests.Doors.Resp;
using Kvs.TestKit;
using Kvs.TestKit.Certificates;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Server.Tests.Access.Guard;

/// <summary>
/// A real server with users and all doors open, plain or within TLS, whose log says everything; and good clients of each door.
/// Ownership: of the process and its files.
/// </summary>
internal sealed class SecuredServer : IDisposable
{
    internal const string ReaderPassword = "pass-phrase-of-the-reader";
    internal const string WriterPassword = "pass-phrase-of-the-writer";
    internal const string Value = "value-that-nobody-else-sees";

    /// <summary>The doors.</summary>
    internal static readonly string[] Doors = ["tcp", "resp", "http", "grpc"];

    private readonly TemporaryDirectory _directory;
    private readonly TestAuthority? _authority;
    private readonly ServerProcess _process;
    private int _keys;

    private SecuredServer(TemporaryDirectory directory, TestAuthority? authority, TestUsers users, ServerProcess process)
    {
        (_directory, _authority, Users, _process) = (directory, authority, users, process);
        Tls = authority is null ? null : TrustOf(authority);
    }

    /// <summary>Its users: reader, writer, leaver, and a token that may write.</summary>
    internal TestUsers Users { get; }

    /// <summary>How a client shakes hands with it; null for plain.</summary>
    internal SslClientAuthenticationOptions? Tls { get; }

    /// <summary>What it said so far.</summary>
    internal string Log => _process.Errors;

    /// <summary>Files that it has open.</summary>
    internal int OpenFiles => Directory.GetFiles($"/proc/{_process.Id}/fd").Length;

    /// <summary>The usual users.</summary>
    internal static UserEntry[] UsualUsers { get; } =
    [
        TestUsers.User("reader", "read", ReaderPassword) with { Certificates = ["CN=reader"] },
        TestUsers.User("writer", "write", WriterPassword) with { Certificates = ["CN=writer"] },
    ];

    /// <summary>Starts it.</summary>
    /// <param name="withTls">Whether it speaks TLS.</param>
    /// <param name="tlsClients">Whether it asks clients for certificates then.</param>
    /// <param name="more">More arguments.</param>
    internal static async Task<SecuredServer> StartAsync(bool withTls, string tlsClients = "optional", params string[] more)
    {
        var directory = new TemporaryDirectory();
        var authority = withTls ? new TestAuthority(directory) : null;
        var users = new TestUsers(UsualUsers);
        string[] tls = authority is null
            ? []
            : ["--tls-cert", authority.Sign("server"), "--tls-ca", authority.CaFile, "--tls-clients", tlsClients];
        var process = await ServerProcess.StartAsync(
            directory.FullPath,
            [
                "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--resp", "127.0.0.1:0", "--durability", "os",
                "--users-file", users.Path, "--log-level", "verbose", .. tls, .. more,
            ]);
        return new SecuredServer(directory, authority, users, process);
    }

    /// <summary>Where a door is.</summary>
    internal string AddressOf(string door) => door == "tcp" ? _process.Address : _process.AddressOf(door);

    /// <summary>Connects to a door, without TLS where that is asked for.</summary>
    internal Task<RawClient> ConnectAsync(string door, bool plain = false) =>
        RawClient.ConnectAsync(AddressOf(door), plain || _authority is null ? null : TrustOf(_authority, door));

    /// <summary>How a client shakes hands that has a certificate of some authority.</summary>
    internal SslClientAuthenticationOptions TlsAs(string subject, TestAuthority? authority = null)
    {
        var file = (authority ?? _authority!).Sign(subject);
        var options = TrustOf(_authority!);
        options.ClientCertificateContext = SslStreamCertificateContext.Create(
            X509Certificate2.CreateFromPemFile(file), null, offline: true);
        return options;
    }

    /// <summary>An authority that the server does not know.</summary>
    internal TestAuthority OtherAuthority() => new(_directory, "other");

    /// <summary>Signs a certificate of the server's authority.</summary>
    internal string Sign(string subject) => _authority!.Sign(subject);

    /// <summary>Its certificate file.</summary>
    internal string CertificateFile => _directory.At("server.pem");

    /// <summary>A client of the binary door.</summary>
    internal Task<KvsClient> TcpAsync(KvsCredentials? credentials) => KvsClient.ConnectAsync(AddressOf("tcp"), new KvsClientOptions
    {
        Tls = _authority is null ? null : new KvsTls { CaFile = _authority.CaFile },
        Credentials = credentials,
        Retry = false,
    });

    /// <summary>A client of the Redis door, which has said who it is unless the user is empty.</summary>
    internal async Task<RespWire> RespAsync(string user, string password)
    {
        var wire = await RespWire.ConnectAsync(IPEndPoint.Parse(AddressOf("resp")), Tls);
        if (user.Length > 0)
        {
            Assert.Equal("+OK|", await wire.AskAsync("AUTH", user, password));
        }

        return wire;
    }

    /// <summary>A client of the HTTP or the gRPC door.</summary>
    /// <param name="door">Which.</param>
    /// <param name="authorization">What it says in the header of that name; null for nothing.</param>
    /// <param name="tls">How it shakes hands; null for the usual way.</param>
    internal HttpClient Web(string door, AuthenticationHeaderValue? authorization, SslClientAuthenticationOptions? tls = null)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        if (Tls is not null)
        {
            handler.SslOptions = tls ?? TrustOf(_authority!);
        }

        var client = new HttpClient(handler)
        {
            BaseAddress = new Uri($"{(Tls is null ? "http" : "https")}://{AddressOf(door)}"),
            Timeout = TimeSpan.FromSeconds(60),
        };
        if (door == "grpc")
        {
            client.DefaultRequestVersion = HttpVersion.Version20;
            client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        }

        client.DefaultRequestHeaders.Authorization = authorization;
        return client;
    }

    /// <summary>Calls a method of the gRPC door.</summary>
    /// <returns>The status.</returns>
    internal static async Task<string> CallAsync(HttpClient client, string method, IMessage message)
    {
        using var answer = await client.SendAsync(NewCall(method, message));
        _ = await answer.Content.ReadAsByteArrayAsync();
        return answer.TrailingHeaders.Concat(answer.Headers).Single(static one => one.Key == "grpc-status").Value.Single();
    }

    /// <summary>A call of the gRPC door.</summary>
    internal static HttpRequestMessage NewCall(string method, IMessage message)
    {
        var bytes = message.ToByteArray();
        byte[] framed = [0, (byte)(bytes.Length >> 24), (byte)(bytes.Length >> 16), (byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes];
        return new HttpRequestMessage(HttpMethod.Post, $"/kvs.v1.Kvs/{method}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(framed) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
            Headers = { { "te", "trailers" } },
        };
    }

    /// <summary>A name and a password in a header.</summary>
    internal static AuthenticationHeaderValue Basic(string user, string password) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));

    /// <summary>A good client of each door writes and reads.</summary>
    internal async Task ServesAllAsync()
    {
        var key = $"good-{Interlocked.Increment(ref _keys)}";
        await using (var tcp = await TcpAsync(KvsCredentials.OfUser("writer", WriterPassword)))
        {
            await tcp.SetAsync(key, Value);
        }

        using (var resp = await RespAsync("writer", WriterPassword))
        {
            Assert.Equal($"${Value.Length}|{Value}|", await resp.AskAsync("GET", key));
        }

        using (var http = Web("http", Basic("writer", WriterPassword)))
        {
            Assert.Equal(Value, await http.GetStringAsync(new Uri($"/v1/kv/{key}", UriKind.Relative)));
        }

        using var grpc = Web("grpc", Basic("writer", WriterPassword));
        Assert.Equal("0", await CallAsync(grpc, "Remove", new RemoveRequest { Key = ByteString.CopyFromUtf8(key) }));
    }

    /// <summary>Waits until nothing of its connections is left but the one that asks.</summary>
    internal async Task IsQuietAsync()
    {
        using var http = Web("http", Basic("reader", ReaderPassword));
        var seen = "";
        await Until.HoldsAsync(
            async () =>
            {
                var metrics = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
                seen = string.Join(' ', Doors.Select(door => $"{door}:{FigureOf(metrics, $"kvs_connections{{kvs_door=\"{door}\"}}")}")
                    .Append($"bytes:{SumOf(metrics, "kvs_inflight_bytes")}"));
                return seen == "tcp:0 resp:0 http:1 grpc:0 bytes:0";
            },
            TimeSpan.FromSeconds(30),
            () => seen);
    }

    /// <summary>Waits until so many follow changes.</summary>
    internal async Task WatchersAsync(int count)
    {
        using var http = Web("http", Basic("reader", ReaderPassword));
        var seen = 0.0;
        await Until.HoldsAsync(
            async () => (seen = FigureOf(await http.GetStringAsync(new Uri("/metrics", UriKind.Relative)), "kvs_watchers")) == count,
            TimeSpan.FromSeconds(30),
            () => $"{seen} watchers.");
    }

    /// <summary>Waits until the log names an address as one that was refused.</summary>
    internal Task LogsAsync(string peer) => Until.HoldsAsync(
        () => Task.FromResult(Regex.IsMatch(
            Log, $@"^\S+ (DBG|WRN) .*{Regex.Escape(peer)}(?!\d)", RegexOptions.Multiline | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(5))),
        TimeSpan.FromSeconds(20),
        () => $"The log has no line of {peer}:\n{Log}");

    /// <summary>No secret, no value and no bug is in the log.</summary>
    internal void LogIsClean(params string[] secrets)
    {
        string[] all = [ReaderPassword, WriterPassword, TestUsers.Token, Value, .. secrets];
        foreach (var secret in all.Concat(all.Select(static secret => Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)).TrimEnd('='))))
        {
            Assert.DoesNotContain(secret, Log, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(" ERR ", Log, StringComparison.Ordinal);
        Assert.DoesNotContain("bug", Log, StringComparison.OrdinalIgnoreCase);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.Dispose();
        _authority?.Dispose();
        Users.Dispose();
        _directory.Dispose();
    }

    private static SslClientAuthenticationOptions TrustOf(TestAuthority authority, string door = "")
    {
        var policy = new X509ChainPolicy
        {
            RevocationMode = X509RevocationMode.NoCheck,
            TrustMode = X509ChainTrustMode.CustomRootTrust,
        };
        policy.CustomTrustStore.Add(X509CertificateLoader.LoadCertificateFromFile(authority.CaFile));
        return new SslClientAuthenticationOptions
        {
            TargetHost = "127.0.0.1",
            CertificateChainPolicy = policy,
            ApplicationProtocols = door switch
            {
                "http" => [SslApplicationProtocol.Http11],
                "grpc" => [SslApplicationProtocol.Http2],
                _ => null,
            },
        };
    }

    private static double FigureOf(string metrics, string name) => metrics.Split('\n')
        .Where(line => line.StartsWith(name + " ", StringComparison.Ordinal))
        .Select(line => double.Parse(line[(name.Length + 1)..], CultureInfo.InvariantCulture))
        .DefaultIfEmpty(-1)
        .Single();

    private static double SumOf(string metrics, string name) => metrics.Split('\n')
        .Where(line => line.StartsWith(name + "{", StringComparison.Ordinal))
        .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
}
