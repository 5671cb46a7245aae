using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Kvs.Server.Tests.Doors;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Server.Tests.Telemetry;

/// <summary>What a receiver of OTLP gets.</summary>
[Collection("alone")]
public sealed class OtlpTests
{
    [Fact]
    public async Task Metrics_and_activities_arrive()
    {
        using var receiver = Receiver.Open();
        await using (var fixture = await MetricsFixture.OpenAsync(receiver.Url))
        {
            using var client = await WireClient.ConnectAsync(fixture.Server.Port);
            await client.Set(1, "key", "value").SendAsync();
            await client.ReadAppliedAsync(1);
        }

        // The end of the export sends what is left.
        var metrics = receiver.BodyOf("/v1/metrics");
        Assert.Contains("kvs.operations", metrics, StringComparison.Ordinal);
        Assert.Contains("kvs.operation.duration", metrics, StringComparison.Ordinal);
        Assert.Contains("kvs.commit.group.size", metrics, StringComparison.Ordinal);
        Assert.Contains("kvs-server", metrics, StringComparison.Ordinal);
        Assert.Contains("kvs write", receiver.BodyOf("/v1/traces"), StringComparison.Ordinal);
    }

    /// <summary>A small receiver: it takes anything and keeps it. Ownership: of its listener.</summary>
    private sealed class Receiver : IDisposable
    {
        private readonly HttpListener _listener;
        private readonly ConcurrentQueue<(string Path, string Body)> _bodies = new();

        private Receiver(HttpListener listener, int port)
        {
            _listener = listener;
            Url = new Uri($"http://127.0.0.1:{port}");
            _ = ReceiveAsync();
        }

        internal Uri Url { get; }

        internal static Receiver Open()
        {
            for (var port = 20_318; ; port += 7)
            {
                var listener = new HttpListener { Prefixes = { $"http://127.0.0.1:{port}/" } };
                try
                {
                    listener.Start();
                    return new Receiver(listener, port);
                }
                catch (HttpListenerException) when (port < 30_000)
                {
                    listener.Close();
                }
            }
        }

        internal string BodyOf(string path) =>
            string.Concat(_bodies.Where(body => body.Path == path).Select(body => body.Body));

        public void Dispose() => _listener.Close();

        private async Task ReceiveAsync()
        {
            while (_listener.IsListening)
            {
                HttpListenerContext context;
                try
                {
                    context = await _listener.GetContextAsync();
                }
                catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }

                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                _bodies.Enqueue((context.Request.Url!.AbsolutePath, Encoding.Latin1.GetString(body.ToArray())));
                context.Response.Close();
            }
        }
    }
}
