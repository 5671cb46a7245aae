using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Kvs.Core.Platform;
using Kvs.Core.Platform.Tls;
using Kvs.Server.Doors.Web;
using Kvs.TestKit;
using Kvs.TestKit.Certificates;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Server.Tests.Doors.Http;

/// <summary>With TLS the HTTP interface speaks HTTP/2 too, and is the same by both.</summary>
public sealed class Http2Tests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly TestAuthority _authority;

    public Http2Tests() => _authority = new TestAuthority(_directory);

    public void Dispose()
    {
        _authority.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Everything_is_the_same_by_both_versions(string version)
    {
        await using var server = await OpenAsync(version);
        var largest = "/v1/kv-b64/" + System.Buffers.Text.Base64Url.EncodeToString(new byte[131_072]);
        Assert.Equal("201", await server.ReadAsync($"PUT {largest}", "key"));
        Assert.Equal("200 key", await server.ReadAsync($"GET {largest}"));
        Assert.Equal("204", await server.ReadAsync($"DELETE {largest}"));
        Assert.Equal("201", await server.ReadAsync("PUT /v1/kv/%FF%2F", "bytes"));
        Assert.Equal("200 bytes", await server.ReadAsync("GET /v1/kv-b64/_y8"));
        var value = new byte[5_000_000];
        new Random(1).NextBytes(value);
        using var put = await server.SendBytesAsync("PUT /v1/kv/large", value);
        Assert.Equal((201, Version.Parse(version)), ((int)put.StatusCode, put.Version));
        using var read = await server.SendAsync("GET /v1/kv/large", null, "Accept: */*");
        Assert.Equal(value, await read.Content.ReadAsByteArrayAsync());
        var page = await server.ReadAsync("GET /v1/kv?keys_only");
        Assert.Equal(2, JsonDocument.Parse(page[4..]).RootElement.GetProperty("entries").GetArrayLength());
        Assert.Equal(page[..3], (await server.ReadAsync("GET /v1/kv?keys_only", null, "Accept: application/x-ndjson"))[..3]);
        Assert.StartsWith("412", await server.ReadAsync("PUT /v1/kv/large", "x", "If-None-Match: *"), StringComparison.Ordinal);
        Assert.StartsWith("415", await server.ReadAsync("POST /v1/batch", "{}", "Content-Type: text/plain"), StringComparison.Ordinal);
        Assert.StartsWith("405", await server.ReadAsync("POST /livez", ""), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task A_body_that_is_too_long_is_refused_and_the_client_goes_on(string version)
    {
        await using var server = await OpenAsync(version);
        for (var i = 0; i < 3; i++)
        {
            Assert.StartsWith("413", await server.ReadAsync("PUT /v1/kv/a", new string('x', 5_000_001)), StringComparison.Ordinal);
            Assert.StartsWith("200", await server.ReadAsync("GET /livez"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_plain_address_speaks_the_first_version_only()
    {
        await using var server = await HttpFixture.OpenAsync();
        server.Web.Client.DefaultRequestVersion = HttpVersion.Version20;
        server.Web.Client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        await Assert.ThrowsAsync<HttpRequestException>(() => server.ReadAsync("GET /livez"));
    }

    [Fact]
    public async Task A_handshake_may_take_any_time_when_no_limit_is_set()
    {
        await using var server = await OpenAsync("2.0", TimeSpan.Zero);
        Assert.StartsWith("200", await server.ReadAsync("GET /livez"), StringComparison.Ordinal);
    }

    [ToolFact("curl")]
    public async Task Curl_agrees_on_the_version_that_it_is_told()
    {
        await using var server = await OpenAsync("2.0");
        foreach (var (option, version) in new[] { ("--http2", "2"), ("--http1.1", "1.1"), ("", "2") })
        {
            var url = string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{server.Web.Door.Port}/v1/kv/{option}");
            var set = await CurlAsync($"{option} -X PUT --data-binary value -w %{{http_version}}:%{{http_code}} {url}");
            Assert.Equal($"{version}:201", set);
            Assert.Equal($"value{version}", await CurlAsync($"{option} -w %{{http_version}} {url}"));
            Assert.Equal("421", await CurlAsync($"{option} -o /dev/null -w %{{http_code}} -H Host:evil.example {url}"));
        }
    }

    private Task<HttpFixture> OpenAsync(string version, TimeSpan? frameTimeout = null) => OpenAsync(
        version,
        new WebDoorOptions
        {
            Tls = new TlsSource(
                new DiskFileSystem(), new TlsFiles(_authority.CaFile, _authority.Sign("server"), null), TimeProvider.System, _ => { }),
            FrameTimeout = frameTimeout ?? TimeSpan.FromSeconds(30),
        });

    private static async Task<HttpFixture> OpenAsync(string version, WebDoorOptions web)
    {
        var server = await HttpFixture.OpenAsync(options: HttpFixture.Options with { ValueBytesMax = 5_000_000 }, web: web);
        server.Web.Client.DefaultRequestVersion = Version.Parse(version);
        server.Web.Client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        return server;
    }

    private async Task<string> CurlAsync(string arguments)
    {
        using var curl = Process.Start(new ProcessStartInfo("curl", $"-s --cacert {_authority.CaFile} {arguments}")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        })!;
        var said = await curl.StandardOutput.ReadToEndAsync();
        await curl.WaitForExitAsync();
        return said;
    }
}
