using System.Net;
using System.Net.Sockets;
using System.Text;
using Kvs.Core.Primitives;
using Kvs.Server.Configuration;
using Kvs.Server.Doors.Web;
using Kvs.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Kvs.Server.Tests.Doors.Web;

/// <summary>The web door without any of its rooms: addresses, connections, failures, stopping.</summary>
public sealed class WebDoorTests
{
    [Fact]
    public async Task An_address_answers_its_own_routes_and_no_others()
    {
        await using var server = await WebFixture.OpenAsync(_ => [new NamedRoutes("one"), new NamedRoutes("two")]);
        using var other = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.Door.PortOf("two")}") };

        Assert.Equal("one", await server.Client.GetStringAsync(new Uri("/one", UriKind.Relative)));
        Assert.Equal("two", await other.GetStringAsync(new Uri("/two", UriKind.Relative)));
        using var strange = await server.Client.GetAsync(new Uri("/two", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, strange.StatusCode);
        using var strangeToo = await other.GetAsync(new Uri("/one", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, strangeToo.StatusCode);
    }

    [Fact]
    public async Task A_failure_is_answered_by_the_routes_and_a_bug_says_nothing_of_itself()
    {
        await using var server = await WebFixture.OpenAsync(_ => [new NamedRoutes("one")]);
        using var refused = await server.Client.GetAsync(new Uri("/refuse", UriKind.Relative));
        Assert.Equal("Overloaded", await refused.Content.ReadAsStringAsync());
        using var broken = await server.Client.GetAsync(new Uri("/break", UriKind.Relative));
        var text = await broken.Content.ReadAsStringAsync();
        Assert.Equal("Internal", text);
    }

    [Fact]
    public async Task A_failure_in_the_middle_of_an_answer_breaks_the_connection()
    {
        await using var server = await WebFixture.OpenAsync(_ => [new NamedRoutes("one")]);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => server.Client.GetStringAsync(new Uri("/half", UriKind.Relative)));
    }

    [Fact]
    public async Task One_connection_too_many_is_told_so_and_closed_and_the_others_go_on()
    {
        await using var server = await WebFixture.OpenAsync(
            _ => [new NamedRoutes("one")], options: new WebDoorOptions { ConnectionsMax = 1 });
        Assert.Equal("one", await server.Client.GetStringAsync(new Uri("/one", UriKind.Relative)));

        using var second = new HttpClient { BaseAddress = server.Client.BaseAddress };
        using var refused = await second.GetAsync(new Uri("/one", UriKind.Relative));
        Assert.Equal("TooManyConnections", await refused.Content.ReadAsStringAsync());
        Assert.True(refused.Headers.ConnectionClose);
        Assert.Equal("one", await server.Client.GetStringAsync(new Uri("/one", UriKind.Relative)));
        Assert.Equal(1, server.Dispatcher.Info().Connections);
    }

    [Fact]
    public async Task A_connection_without_a_request_stays_when_no_limit_is_set()
    {
        // Kestrel looks at all connections once a second: when one that is too slow with its headers has been refused, it has
        // looked at the idle one too.
        await using var server = await WebFixture.OpenAsync(
            _ => [new NamedRoutes("one")], options: new WebDoorOptions { FrameTimeout = TimeSpan.FromSeconds(1) });
        using var idle = await ConnectAsync(server);
        await AskAsync(idle);
        using var slow = await ConnectAsync(server);
        await slow.GetStream().WriteAsync("GET /one HTTP/1.1\r\n"u8.ToArray());
        using var reader = new StreamReader(slow.GetStream(), Encoding.ASCII);
        Assert.StartsWith("HTTP/1.1 408 ", await reader.ReadToEndAsync(), StringComparison.Ordinal);
        await AskAsync(idle);
    }

    [Fact]
    public async Task Headers_may_take_any_time_when_no_limit_is_set()
    {
        await using var limited = await WebFixture.OpenAsync(
            _ => [new NamedRoutes("one")], options: new WebDoorOptions { FrameTimeout = TimeSpan.FromSeconds(1) });
        await using var server = await WebFixture.OpenAsync(
            _ => [new NamedRoutes("one")], options: new WebDoorOptions { FrameTimeout = TimeSpan.Zero });
        using var slow = await ConnectAsync(server);
        await slow.GetStream().WriteAsync("GET /one HTTP/1.1\r\n"u8.ToArray());
        for (var looks = 0; looks < 2; looks++)
        {
            using var other = await ConnectAsync(limited);
            await other.GetStream().WriteAsync("GET /one HTTP/1.1\r\n"u8.ToArray());
            using var reader = new StreamReader(other.GetStream(), Encoding.ASCII);
            Assert.StartsWith("HTTP/1.1 408 ", await reader.ReadToEndAsync(), StringComparison.Ordinal);
        }

        await slow.GetStream().WriteAsync("Host: localhost\r\n\r\n"u8.ToArray());
        var answer = new byte[12];
        await slow.GetStream().ReadExactlyAsync(answer);
        Assert.Equal("HTTP/1.1 200", Encoding.ASCII.GetString(answer));
    }

    [Fact]
    public async Task A_stopping_door_finishes_the_request_in_hand()
    {
        var routes = new NamedRoutes("one");
        await using var server = await WebFixture.OpenAsync(_ => [routes]);
        var answer = server.Client.GetStringAsync(new Uri("/wait", UriKind.Relative));
        await Until.HoldsAsync(() => routes.Waiting == 1);
        var drained = server.Door.DrainAsync(TimeSpan.FromSeconds(30));
        Assert.False(drained.IsCompleted);
        routes.Go.SetResult();
        Assert.Equal("done", await answer);
        await drained;
    }

    [Fact]
    public async Task A_stopping_door_waits_no_longer_than_it_may()
    {
        var routes = new NamedRoutes("one");
        await using var server = await WebFixture.OpenAsync(_ => [routes]);
        var answer = server.Client.GetStringAsync(new Uri("/wait", UriKind.Relative));
        await Until.HoldsAsync(() => routes.Waiting == 1);
        var drained = server.Door.DrainAsync(TimeSpan.FromMilliseconds(1));
        await Assert.ThrowsAnyAsync<Exception>(() => answer);
        routes.Go.SetResult();
        await drained;
    }

    [Fact]
    public async Task An_address_in_use_is_told_as_every_door_tells_it()
    {
        await using var server = await WebFixture.OpenAsync(_ => [new NamedRoutes("one")]);
        var taken = new KvsAddress("127.0.0.1", server.Door.Port);
        var failure = await Assert.ThrowsAsync<IOException>(() => WebDoor.OpenAsync(
            new WebDoorOptions(), [new NamedRoutes("two", taken)], server.Dispatcher, TimeProvider.System,
            NullLoggerFactory.Instance, CancellationToken.None));
        Assert.Equal(SocketError.AddressAlreadyInUse, ((SocketException)failure.InnerException!).SocketErrorCode);
    }

    [Fact]
    public async Task A_request_line_that_is_too_long_is_refused()
    {
        await using var server = await WebFixture.OpenAsync(_ => [new NamedRoutes("one")]);
        var path = new string('a', WebDoorOptions.RequestLineBytesMax);
        using var refused = await server.Client.GetAsync(new Uri("/" + path, UriKind.Relative));
        Assert.Equal(HttpStatusCode.RequestUriTooLong, refused.StatusCode);
    }

    [Fact]
    public async Task Garbage_ends_its_connection_and_nothing_else()
    {
        await using var server = await WebFixture.OpenAsync(_ => [new NamedRoutes("one")]);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Door.Port);
        await client.GetStream().WriteAsync(new byte[] { 0x16, 3, 1, 0, 0xFF, 0x0D, 0x0A, 0x0D, 0x0A });
        using var reader = new StreamReader(client.GetStream(), Encoding.ASCII);
        Assert.StartsWith("HTTP/1.1 400", await reader.ReadToEndAsync(), StringComparison.Ordinal);
        Assert.Equal("one", await server.Client.GetStringAsync(new Uri("/one", UriKind.Relative)));
    }

    [Fact]
    public async Task A_connection_that_asks_nothing_is_closed_when_its_time_is_over()
    {
        await using var server = await WebFixture.OpenAsync(
            _ => [new NamedRoutes("one")], options: new WebDoorOptions { FrameTimeout = TimeSpan.FromMilliseconds(100) });
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Door.Port);
        Assert.Equal(0, await client.GetStream().ReadAsync(new byte[1]));
        Assert.Equal("one", await server.Client.GetStringAsync(new Uri("/one", UriKind.Relative)));
    }

    [Fact]
    public void A_route_that_does_not_say_what_it_needs_needs_most() =>
        Assert.Equal(RouteNeed.Admin, WebAccess.NeedOf(new Endpoint(null, EndpointMetadataCollection.Empty, "x")));

    [Theory]
    [InlineData("127.0.0.1:0", true)]
    [InlineData("[::1]:0", true)]
    [InlineData("localhost:0", true)]
    [InlineData("0.0.0.0:0", false)]
    [InlineData("10.0.0.1:80", false)]
    [InlineData("example.org:80", false)]
    public void An_http_address_that_others_reach_is_refused_unless_it_is_wanted(string text, bool isTaken)
    {
        Assert.True(KvsAddress.TryParse(text, out var address));
        var options = new ServerOptions { Http = address };
        if (isTaken)
        {
            Exposure.ThrowIfExposed(options);
        }
        else
        {
            Assert.Contains(text.Split(':')[0], Assert.Throws<KvsException>(() => Exposure.ThrowIfExposed(options)).Message,
                StringComparison.Ordinal);
        }

        Exposure.ThrowIfExposed(options with { Insecure = true });
    }

    private static async Task<TcpClient> ConnectAsync(WebFixture server)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Door.Port);
        return client;
    }

    private static async Task AskAsync(TcpClient client)
    {
        await client.GetStream().WriteAsync("GET /one HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        while (!answer.ToString().EndsWith("one\r\n0\r\n\r\n", StringComparison.Ordinal))
        {
            var count = await client.GetStream().ReadAsync(buffer);
            Assert.True(count > 0, $"closed after '{answer}'");
            answer.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }
    }

    /// <summary>Routes of a test.</summary>
    private sealed class NamedRoutes(string name, KvsAddress? address = null) : IWebRoutes
    {
        private int _waiting;

        public string Name => name;

        public KvsAddress Address => address ?? new KvsAddress("127.0.0.1", 0);

        public HttpProtocols Protocols => HttpProtocols.Http1;

        internal TaskCompletionSource Go { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal int Waiting => Volatile.Read(ref _waiting);

        public void Map(IEndpointRouteBuilder routes)
        {
            routes.MapGet("/" + name, context => context.Response.WriteAsync(name)).Needs(RouteNeed.Nothing);
            routes.MapGet("/refuse", _ => throw new KvsUnavailableException(ErrorCode.Overloaded, "no"));
            routes.MapGet("/break", _ => throw new InvalidOperationException("a secret"));
            routes.MapGet("/half", async context =>
            {
                context.Response.ContentLength = 10;
                await context.Response.WriteAsync("half");
                await context.Response.Body.FlushAsync();
                throw new KvsException(ErrorCode.Corruption, "damaged");
            });
            routes.MapGet("/wait", async context =>
            {
                Interlocked.Increment(ref _waiting);
                await Go.Task;
                await context.Response.WriteAsync("done");
            });
        }

        public Task AnswerFailureAsync(HttpContext context, KvsException failure) =>
            context.Response.WriteAsync(failure.Code.ToString());
    }
}
