using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using Kvs.Core.Primitives;
using Kvs.Server.Doors;
using Kvs.Server.Doors.Grpc;
using Kvs.Server.Doors.Grpc.Contract;
using Kvs.Server.Doors.Grpc.Wire;
using Kvs.Server.Doors.Web;
using Kvs.Server.Tests.Doors.Web;
using Kvs.TestKit;
using Kvs.TestKit.Processes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Kvs.Server.Tests.Doors.Grpc;

/// <summary>The gRPC door: a stock client of Node, and what only raw HTTP/2 can say.</summary>
public sealed class GrpcDoorTests
{
    private const int MessageBytesMax = 1024 * 1024;

    private static readonly byte[] _get = Framed(new GetRequest { Key = ByteString.CopyFromUtf8("missing") });

    /// <summary>What is odd about a request: path, a header, body; and the status that ends the call.</summary>
    public static TheoryData<string, string, string, byte[], int> Odd => new()
    {
        { "/kvs.v1.Kvs/Get", "", "", _get, (int)StatusCode.Ok },
        { "/kvs.v1.Kvs/Get", "grpc-timeout", "1S", _get, (int)StatusCode.Ok },
        { "/kvs.v1.Kvs/Get", "grpc-encoding", "identity", _get, (int)StatusCode.Ok },
        { "/kvs.v1.Kvs/Get", "grpc-timeout", "soon", _get, (int)StatusCode.Internal },
        { "/kvs.v1.Kvs/Get", "grpc-timeout", "0n", _get, (int)StatusCode.DeadlineExceeded },
        { "/kvs.v1.Kvs/Get", "grpc-encoding", "gzip", _get, (int)StatusCode.Unimplemented },
        { "/kvs.v1.Kvs/Got", "", "", _get, (int)StatusCode.Unimplemented },
        { "/other", "", "", _get, (int)StatusCode.Unimplemented },
        { "/kvs.v1.Kvs/Get", "", "", [], (int)StatusCode.Unimplemented },
        { "/kvs.v1.Kvs/Get", "", "", [.. _get, .. _get], (int)StatusCode.Unimplemented },
        { "/kvs.v1.Kvs/Get", "", "", _get[..^1], (int)StatusCode.Internal },
        { "/kvs.v1.Kvs/Get", "", "", [0, 0, 0, 0, 2, 0x0A, 0xFF], (int)StatusCode.Internal },
        { "/kvs.v1.Kvs/Set", "", "", [0, 0, 0x20, 0, 0], (int)StatusCode.ResourceExhausted },
        { "/kvs.v1.Kvs/Set", "", "", Framed(new SetRequest { Value = ByteString.CopyFrom(new byte[MessageBytesMax]) }), (int)StatusCode.ResourceExhausted },
    };

    [NodeFact]
    public async Task The_stock_client_of_Node_finds_everything_in_order()
    {
        await using var server = await OpenAsync();
        var folder = Path.Combine(Repository.Root, "src", "Kvs.Server", "Doors", "Grpc", "Contract");
        var (code, text) = await NodeScript.RunAsync("grpc.mjs", $"127.0.0.1:{server.Door.Port}", folder);
        Assert.True(code == 0, text);
        Assert.Equal(15, text.Split('\n').Count(line => line.StartsWith("ok: ", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Odd))]
    public async Task Each_call_ends_with_the_status_that_the_protocol_prescribes(
        string path, string header, string value, byte[] body, int expected)
    {
        await using var server = await OpenAsync();
        using var response = await SendAsync(server, path, body, header, value);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("identity", Assert.Single(response.Headers.GetValues("grpc-accept-encoding")));
        _ = await response.Content.ReadAsByteArrayAsync();
        var status = response.TrailingHeaders.Concat(response.Headers).Single(one => one.Key == "grpc-status");
        Assert.Equal($"{expected}", Assert.Single(status.Value));
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/grpc-web")]
    [InlineData("text/plain")]
    public async Task Another_content_type_is_none_of_gRPC(string type)
    {
        await using var server = await OpenAsync();
        using var response = await SendAsync(server, "/kvs.v1.Kvs/Get", _get, type: type);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Fact]
    public async Task A_text_with_letters_beyond_ASCII_comes_through_the_trailers()
    {
        await using var server = await OpenAsync();
        using var response = await SendAsync(server, "/kvs.v1.Kvs/100%25-é", _get);
        var text = Assert.Single(response.Headers.GetValues("grpc-message"));
        Assert.Contains("100%", Uri.UnescapeDataString(text), StringComparison.Ordinal);
        Assert.All(text, letter => Assert.InRange(letter, ' ', '~'));
    }

    [Fact]
    public async Task A_server_that_stops_ends_its_streams_as_unavailable()
    {
        await using var server = await OpenAsync();
        using var response = await SendAsync(server, "/grpc.health.v1.Health/Watch", Framed(new HealthCheckRequest()));
        await using var body = await response.Content.ReadAsStreamAsync();
        var first = new byte[7];
        await body.ReadExactlyAsync(first);
        Assert.Equal([0, 0, 0, 0, 2, 8, 1], first);
        var drained = server.Door.DrainAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(0, await body.ReadAsync(first));
        Assert.Equal("14", Assert.Single(response.TrailingHeaders.GetValues("grpc-status")));
        await drained;
    }

    [Fact]
    public async Task A_connection_too_many_is_told_so_and_ended_however_many_come()
    {
        // Refused connections that stayed open would soon be as many as are told why; those behind them would hear nothing.
        await using var server = await WebFixture.OpenAsync(NewRoutes, options: new WebDoorOptions { ConnectionsMax = 1 });
        using var first = await SendAsync(server, "/kvs.v1.Kvs/Get", _get);
        var strangers = new List<HttpClient>();
        for (var i = 0; i < 100; i++)
        {
            strangers.Add(new HttpClient { BaseAddress = server.Client.BaseAddress });
            using var refused = await SendAsync(strangers[^1], "/kvs.v1.Kvs/Get", _get);
            Assert.Equal("8", Assert.Single(refused.Headers.GetValues("grpc-status")));
        }

        strangers.ForEach(static stranger => stranger.Dispose());
    }

    private static byte[] Framed(IMessage message)
    {
        var bytes = message.ToByteArray();
        return [0, (byte)(bytes.Length >> 24), (byte)(bytes.Length >> 16), (byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes];
    }

    private static GrpcRoutes[] NewRoutes(StoreCalls calls) =>
        [new GrpcRoutes(new KvsAddress("127.0.0.1", 0), MessageBytesMax, calls, TimeProvider.System, NullLoggerFactory.Instance)];

    private static Task<WebFixture> OpenAsync() => WebFixture.OpenAsync(NewRoutes);

    private static Task<HttpResponseMessage> SendAsync(
        WebFixture server, string path, byte[] body, string header = "", string value = "", string type = "application/grpc") =>
        SendAsync(server.Client, path, body, header, value, type);

    private static Task<HttpResponseMessage> SendAsync(
        HttpClient client, string path, byte[] body, string header = "", string value = "", string type = "application/grpc")
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(type) } },
        };
        request.Headers.Add("te", "trailers");
        if (header.Length > 0)
        {
            request.Headers.Add(header, value);
        }

        return client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}
