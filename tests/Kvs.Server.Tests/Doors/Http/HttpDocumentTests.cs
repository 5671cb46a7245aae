using System.Text.Json;
using Kvs.Core.Engines;
using Kvs.Core.Engines.Memory;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Doors;
using Kvs.Server.Doors.Http;
using Kvs.Server.Doors.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Kvs.Server.Tests.Doors.Http;

/// <summary>The description for programs says what is there; probes; and every route says what it needs.</summary>
public sealed class HttpDocumentTests
{
    [Fact]
    public async Task The_openapi_document_has_the_routes_and_no_others()
    {
        await using var server = await HttpFixture.OpenAsync();
        var document = JsonDocument.Parse((await server.ReadAsync("GET /openapi/v1.json"))[4..]).RootElement;
        var described = document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject()
                .Where(method => method.Name != "parameters")
                .Select(method => $"{method.Name.ToUpperInvariant()} {path.Name}"));
        Assert.Equal(await MappedAsync(), described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_the_openapi_document_refers_to_is_there()
    {
        await using var server = await HttpFixture.OpenAsync();
        var text = (await server.ReadAsync("GET /openapi/v1.json"))[4..];
        var document = JsonDocument.Parse(text).RootElement;
        var references = text.Split("\"$ref\": \"#/").Skip(1).Select(rest => rest[..rest.IndexOf('"', StringComparison.Ordinal)]).ToList();
        Assert.NotEmpty(references);
        Assert.All(references, reference =>
        {
            var at = document;
            Assert.All(reference.Split('/'), step => Assert.True(at.TryGetProperty(step, out at), reference));
        });
    }

    [Fact]
    public async Task Every_route_says_what_it_needs()
    {
        var needs = (await EndpointsAsync()).GroupBy(WebAccess.NeedOf).ToDictionary(group => group.Key, group => group.Count());
        Assert.Equal(3, needs[RouteNeed.Nothing]);
        Assert.Equal(6, needs[RouteNeed.Read]);
        Assert.Equal(7, needs[RouteNeed.Write]);
        Assert.DoesNotContain(RouteNeed.Admin, needs.Keys);
    }

    [Fact]
    public async Task A_server_that_can_work_is_ready_and_one_that_takes_no_writes_says_why_it_is_not()
    {
        await using var server = await HttpFixture.OpenAsync();
        Assert.Equal("200 {\"status\":\"ok\"}", await server.ReadAsync("GET /livez"));
        Assert.StartsWith("200 {\"ready\":true,", await server.ReadAsync("GET /readyz"), StringComparison.Ordinal);

        await using var broken = await HttpFixture.OpenAsync(new RefusingEngine(ErrorCode.DiskFull, WriteOutcome.NotApplied));
        Assert.Equal("200 {\"status\":\"ok\"}", await broken.ReadAsync("GET /livez"));
        var answer = await broken.ReadAsync("GET /readyz");
        Assert.StartsWith("503 {\"ready\":false,", answer, StringComparison.Ordinal);
        Assert.Contains("\"writes\":{\"ok\":false,\"detail\":\"as the test wants it\"}", answer, StringComparison.Ordinal);
        Assert.Equal("503", await broken.ReadAsync("HEAD /readyz"));
    }

    private static async Task<IEnumerable<string>> MappedAsync() => (await EndpointsAsync())
        .SelectMany(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(method => (method, endpoint)))
        .Where(route => route.method != "HEAD" || route.endpoint.RoutePattern.RawText!.Contains("{**key}", StringComparison.Ordinal))
        .Select(route =>
        {
            var path = route.endpoint.RoutePattern.RawText!.Replace("{**key}", "{key}", StringComparison.Ordinal);
            return $"{route.method} {path}{(route.method == "POST" && path.EndsWith('}') ? ":incr" : "")}";
        })
        .Order(StringComparer.Ordinal);

    private static async Task<List<RouteEndpoint>> EndpointsAsync()
    {
        await using var engine = new MemoryEngine(TimeProvider.System, new Random(1), WriteLimits.Default);
        using var dispatcher = new RequestDispatcher(
            engine, new ServerInfo { Name = "x", Version = "1" }, new SnapshotLimits(1, 1, TimeSpan.Zero), TimeProvider.System);
        var builder = new RouteList();
        new HttpRoutes(HttpFixture.Options, new StoreCalls(dispatcher, TimeProvider.System)).Map(builder);
        return [.. builder.DataSources.SelectMany(source => source.Endpoints).Cast<RouteEndpoint>()];
    }

    /// <summary>Where routes are mapped without a server.</summary>
    private sealed class RouteList : IEndpointRouteBuilder
    {
        public IServiceProvider ServiceProvider { get; } = new ServiceCollection().AddRouting().AddLogging().BuildServiceProvider();

        public ICollection<EndpointDataSource> DataSources { get; } = [];

        public IApplicationBuilder CreateApplicationBuilder() => new ApplicationBuilder(ServiceProvider);
    }
}
