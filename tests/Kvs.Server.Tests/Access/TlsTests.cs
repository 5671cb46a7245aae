using Kvs.Core.Client;
using Kvs.Core.Platform;
using Kvs.Core.Platform.Tls;
using Kvs.Core.Primitives;
using Kvs.Server.Access;
using Kvs.Server.Tests.Doors;
using Kvs.TestKit;
using Kvs.TestKit.Certificates;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Server.Tests.Access;

/// <summary>The binary door within TLS, and clients that find something else than they look for.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ManualTimeProvider _time = new();
    private readonly ListLogger _log = new();
    private readonly TestAuthority _authority;

    public TlsTests() => _authority = new TestAuthority(_directory);

    public void Dispose()
    {
        _authority.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task A_client_that_trusts_the_authority_works_as_without_tls_and_large_values_too()
    {
        await using var server = Open(_authority.Sign("server"));
        foreach (var host in (string[])["127.0.0.1", "localhost"])
        {
            await using var client = await ConnectAsync($"{host}:{server.Port}", Trusting());
            var value = new string('x', 3_000_000);
            await client.SetAsync("k", value);
            Assert.Equal(value, (await client.GetAsync("k"))!.Value.ToString());
        }
    }

    [Fact]
    public async Task A_server_of_another_name_or_another_authority_is_refused_in_words()
    {
        using var other = new TestAuthority(_directory, "other");
        await using var misnamed = Open(_authority.Sign("misnamed", "db.example"));
        var refused = await RefusedAsync(misnamed.Port, Trusting());
        Assert.Contains("is for another name than 127.0.0.1", refused.Message, StringComparison.Ordinal);

        await using var server = Open(_authority.Sign("server"));
        foreach (var tls in (KvsTls[])[new KvsTls { CaFile = other.CaFile }, new KvsTls()])
        {
            refused = await RefusedAsync(server.Port, tls);
            Assert.Equal(ErrorCode.Unreachable, refused.Code);
            Assert.Contains("is not of an authority that is trusted here", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_plain_client_on_a_tls_port_and_a_tls_client_on_a_plain_port_are_told_so()
    {
        await using var secured = Open(_authority.Sign("server"));
        await using var plain = DoorFixture.Open();
        var refused = await RefusedAsync(secured.Port, null);
        Assert.Contains("seems to speak TLS", refused.Message, StringComparison.Ordinal);
        refused = await RefusedAsync(plain.Port, Trusting());
        Assert.Contains("does not speak TLS", refused.Message, StringComparison.Ordinal);

        // Both doors serve on.
        await using var one = await ConnectAsync($"127.0.0.1:{secured.Port}", Trusting());
        await one.SetAsync("k", "v");
        await using var two = await ConnectAsync($"127.0.0.1:{plain.Port}", null);
        await two.SetAsync("k", "v");
    }

    // Closing with bytes unread would reset the connection, and what was said before may be lost then.
    [Fact]
    public async Task Who_sends_much_of_something_else_hears_the_alert_and_then_the_end()
    {
        await using var server = Open(_authority.Sign("server"));
        using var stranger = await WireClient.ConnectRawAsync(server.Port);
        await stranger.SendRawAsync(new byte[500_000]);
        Assert.Equal([0x15, 0x03], (await stranger.ReadBytesAsync(7))[..2]);
        for (var i = 0; i < 20; i++)
        {
            await stranger.SendRawAsync(new byte[1000]);
        }

        var end = await Assert.ThrowsAsync<IOException>(() => stranger.ReadBytesAsync(1));
        Assert.Contains("1 bytes early", end.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_certificate_says_who_a_client_is_by_its_subject_or_its_fingerprint(bool bySubject)
    {
        var alice = _authority.Sign("alice", null, out var fingerprint);
        var bob = _authority.Sign("bob");
        using var users = new TestUsers(new UserEntry
        {
            Name = "alice",
            Role = "read",
            Certificates = [bySubject ? "CN=alice" : "sha256:" + fingerprint.ToLowerInvariant()],
        });
        await using var server = Open(_authority.Sign("server"), TlsClients.Optional, users.Open());
        await using var known = await ConnectAsync($"127.0.0.1:{server.Port}", Trusting() with { CertificateFile = alice });
        Assert.Null(await known.GetAsync("k"));
        var denied = await Assert.ThrowsAsync<KvsAccessException>(() => known.SetAsync("k", "v").AsTask());
        Assert.Equal(ErrorCode.PermissionDenied, denied.Code);

        // Of the authority, but nobody's; and none at all.
        foreach (var tls in (KvsTls[])[Trusting() with { CertificateFile = bob }, Trusting()])
        {
            await using var stranger = await ConnectAsync($"127.0.0.1:{server.Port}", tls);
            var refused = await Assert.ThrowsAsync<KvsAccessException>(() => stranger.GetAsync("k").AsTask());
            Assert.Equal(ErrorCode.Unauthenticated, refused.Code);
        }

        using var other = new TestAuthority(_directory, "other");
        await RefusedAsync(server.Port, Trusting() with { CertificateFile = other.Sign("alice-of-another") });
    }

    [Fact]
    public async Task Where_a_certificate_is_required_nobody_comes_in_without_one()
    {
        await using var server = Open(_authority.Sign("server"), TlsClients.Required);
        await RefusedAsync(server.Port, Trusting());
        await using var client = await ConnectAsync(
            $"127.0.0.1:{server.Port}", Trusting() with { CertificateFile = _authority.Sign("client") });
        await client.SetAsync("k", "v");
    }

    [Fact]
    public async Task A_new_certificate_is_used_without_a_restart_and_a_broken_one_is_not()
    {
        var file = _authority.Sign("server");
        await using var server = Open(file);
        await using var old = await ConnectAsync($"127.0.0.1:{server.Port}", Trusting());
        await old.SetAsync("k", "v");

        await File.WriteAllTextAsync(file, "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n");
        _time.Advance(TimeSpan.FromSeconds(2));
        await using (var still = await ConnectAsync($"127.0.0.1:{server.Port}", Trusting()))
        {
            await still.SetAsync("k", "w");
        }

        Assert.Equal(1, _log.Count(file));
        using var next = new TestAuthority(_directory, "next");
        File.Copy(next.Sign("next-server"), file, overwrite: true);
        _time.Advance(TimeSpan.FromSeconds(2));
        await RefusedAsync(server.Port, Trusting());
        await using var renewed = await ConnectAsync($"127.0.0.1:{server.Port}", new KvsTls { CaFile = next.CaFile });
        await renewed.SetAsync("k", "x");
        Assert.Equal("x", (await old.GetAsync("k"))!.Value.ToString());
    }

    [Fact]
    public async Task Who_never_shakes_hands_is_closed_in_time_and_holds_up_nobody()
    {
        await using var server = Open(
            _authority.Sign("server"), options: DoorFixture.Options with { FrameTimeout = TimeSpan.FromMilliseconds(400) });
        using var silent = await WireClient.ConnectRawAsync(server.Port);
        using var halfway = await WireClient.ConnectRawAsync(server.Port);
        await halfway.SendRawAsync(new byte[] { 0x16, 0x03, 0x01, 0x02, 0x00, 0x01 });
        await using var client = await ConnectAsync($"127.0.0.1:{server.Port}", Trusting());
        await client.SetAsync("k", "v");
        await silent.WaitForCloseAsync();
        await halfway.WaitForCloseAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Garbage_is_refused_and_the_port_serves_on(bool withTls)
    {
        await using var server = withTls ? Open(_authority.Sign("server")) : DoorFixture.Open();
        var random = new Random(7);
        byte[][] scans =
        [
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray(),
            "SSH-2.0-scan\r\n"u8.ToArray(),
            "*1\r\n$4\r\nPING\r\n"u8.ToArray(),
            [0x16, 0x03, 0x01, 0x00, 0x05, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x0A],
            new byte[64],
        ];
        foreach (var scan in scans.Concat(Enumerable.Range(0, 50).Select(_ => Drawn(random))))
        {
            using var stranger = await WireClient.ConnectRawAsync(server.Port);
            await stranger.SendRawAsync(scan);
            stranger.FinishSending();
            await DrainAsync(stranger);
        }

        await using var client = await ConnectAsync($"127.0.0.1:{server.Port}", withTls ? Trusting() : null);
        await client.SetAsync("k", "v");
    }

    [Fact]
    public void Files_that_are_no_certificates_are_refused_without_what_is_in_them()
    {
        var nonsense = _directory.Write("nonsense.pem", "hunter2");
        var certificate = _authority.Sign("server");
        var withoutKey = _directory.Write("nokey.pem", File.ReadAllText(certificate).Split("-----BEGIN PRIVATE KEY-----")[0]);
        foreach (var files in (TlsFiles[])
            [
                new(nonsense, null, null), new(null, nonsense, null), new(null, certificate, nonsense),
                new(null, withoutKey, null), new(null, _directory.At("none.pem"), null),
            ])
        {
            var failure = Assert.Throws<KvsConfigurationException>(() => new TlsSource(new DiskFileSystem(), files, _time, _log.Add));
            Assert.DoesNotContain("hunter2", failure.Message, StringComparison.Ordinal);
            Assert.Contains(_directory.FullPath, failure.Message, StringComparison.Ordinal);
        }
    }

    private static byte[] Drawn(Random random)
    {
        var bytes = new byte[random.Next(1, 300)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static async Task DrainAsync(WireClient client)
    {
        try
        {
            while (true)
            {
                await client.ReadBytesAsync(1);
            }
        }
        catch (IOException)
        {
            // Closed, after whatever it said.
        }
    }

    private static async Task<KvsException> RefusedAsync(int port, KvsTls? tls) => await Assert.ThrowsAnyAsync<KvsException>(async () =>
    {
        // With TLS 1.3 a server judges a client's certificate when that one has begun to talk already.
        await using var client = await ConnectAsync($"127.0.0.1:{port}", tls);
        await client.GetAsync("k");
    });

    private static Task<KvsClient> ConnectAsync(string address, KvsTls? tls) => KvsClient.ConnectAsync(
        address, new KvsClientOptions { Tls = tls, Retry = false, ConnectTimeout = TimeSpan.FromSeconds(20) });

    private KvsTls Trusting() => new() { CaFile = _authority.CaFile };

    private DoorFixture Open(
        string certificate, TlsClients clients = TlsClients.None, IAccess? access = null,
        Kvs.Server.Doors.Sessions.DoorOptions? options = null)
    {
        var source = new TlsSource(new DiskFileSystem(), new TlsFiles(_authority.CaFile, certificate, null), _time, _log.Add);
        return DoorFixture.Open(options, transport: new TlsTransport(new SocketTransport(), source, clients), access: access);
    }
}
