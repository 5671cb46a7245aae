using System.Net.Http.Headers;
using Kvs.Core.Engines;
using Kvs.Core.Primitives;
using Kvs.Server.Access;
using Kvs.Server.Doors;
using Kvs.Server.Doors.Http;
using Kvs.Server.Doors.Web;
using Kvs.Server.Telemetry.Operations;
using Kvs.Server.Tests.Doors.Web;

namespace Kvs.Server.Tests.Doors.Http;

/// <summary>The HTTP interface over an engine, in this process, with requests that go out exactly as written. Ownership: of all of it.</summary>
internal sealed class HttpFixture : IAsyncDisposable
{
    private readonly WebFixture _web;

    private HttpFixture(WebFixture web) => _web = web;

    internal static HttpDoorOptions Options => new() { Address = new KvsAddress("127.0.0.1", 0) };

    internal WebFixture Web => _web;

    internal static async Task<HttpFixture> OpenAsync(
        IKvEngine? engine = null, HttpDoorOptions? options = null, DoorLimits? budgets = null, IClusterDesk? cluster = null,
        TimeProvider? time = null, IAccess? access = null, OperationMeter? operations = null, WebDoorOptions? web = null) =>
        new(await WebFixture.OpenAsync(
            calls => [new HttpRoutes(options ?? Options, calls)], engine, budgets: budgets, cluster: cluster, time: time,
            access: access, operations: operations, options: web));

    /// <summary>Sends a request.</summary>
    /// <param name="line">Method and target, as they go out.</param>
    /// <param name="body">The body; null for none. A POST says that it is JSON.</param>
    /// <param name="headers">Lines of headers.</param>
    internal async Task<HttpResponseMessage> SendAsync(string line, string? body = null, params string[] headers)
    {
        using var request = NewRequest(line, body is null ? null : new StringContent(body), headers);
        return await _web.Client.SendAsync(request);
    }

    /// <summary>Sends a request and reads its answer as text.</summary>
    /// <param name="line">Method and target.</param>
    /// <param name="body">The body.</param>
    /// <param name="headers">Lines of headers.</param>
    internal async Task<string> ReadAsync(string line, string? body = null, params string[] headers)
    {
        using var answer = await SendAsync(line, body, headers);
        return $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}".TrimEnd();
    }

    /// <summary>Sends bytes.</summary>
    /// <param name="line">Method and target.</param>
    /// <param name="body">The body.</param>
    internal async Task<HttpResponseMessage> SendBytesAsync(string line, byte[] body)
    {
        using var request = NewRequest(line, new ByteArrayContent(body), []);
        return await _web.Client.SendAsync(request);
    }

    /// <summary>A request as it is written.</summary>
    /// <param name="line">Method and target.</param>
    /// <param name="content">The body.</param>
    /// <param name="headers">Lines of headers.</param>
    internal HttpRequestMessage NewRequest(string line, HttpContent? content, string[] headers)
    {
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        var method = line[..space];
        var request = new HttpRequestMessage(new HttpMethod(method), new Uri(
            $"{_web.Client.BaseAddress!.ToString().TrimEnd('/')}{line[(space + 1)..]}",
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }))
        {
            Version = _web.Client.DefaultRequestVersion,
            VersionPolicy = _web.Client.DefaultVersionPolicy,
            Content = content ?? (method == "POST" ? new StringContent("") : null),
        };
        if (request.Content is { } body)
        {
            body.Headers.ContentType = method == "POST" ? new MediaTypeHeaderValue("application/json") : null;
        }

        foreach (var header in headers)
        {
            var parts = header.Split(": ", 2);
            if (parts[0] == "Content-Type")
            {
                request.Content!.Headers.ContentType = null;
                request.Content.Headers.TryAddWithoutValidation("Content-Type", parts[1]);
            }
            else
            {
                request.Headers.TryAddWithoutValidation(parts[0], parts[1]);
            }
        }

        return request;
    }

    /// <summary>The ETag of a key.</summary>
    /// <param name="path">Its path.</param>
    internal async Task<string> TagAsync(string path)
    {
        using var answer = await SendAsync($"HEAD {path}");
        return answer.Headers.ETag!.ToString();
    }

    public ValueTask DisposeAsync() => _web.DisposeAsync();
}
