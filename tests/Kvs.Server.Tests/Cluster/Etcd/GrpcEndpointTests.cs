using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Kvs.Core.Primitives;
using Kvs.Server.Cluster.Etcd;
using Kvs.Server.Cluster.Etcd.Grpc;
using Kvs.Server.Cluster.Etcd.Wire;
using Kvs.Server.Tests.Cluster.Etcd.Fake;
using Kvs.Server.Tests.Doors;
using Kvs.TestKit;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Xunit;

namespace Kvs.Server.Tests.Cluster.Etcd;

/// <summary>The wire of one call that takes a message and gives one, and all the ways in which it goes wrong.</summary>
public sealed class GrpcEndpointTests
{
    private const int MessageBytesMax = 1000;

    private static readonly TimeSpan _timeout = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);

    private readonly ManualTimeProvider _clock = new();

    private GrpcEndpointOptions Options => new()
    {
        Time = _clock,
        ConnectTimeout = _patience,
        MessageBytesMax = MessageBytesMax,
    };

    [Fact]
    public async Task A_call_has_the_headers_that_a_grpc_server_asks_for_and_gives_its_answer()
    {
        var headers = new ConcurrentDictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        await using var fake = await FakeEtcd.StartAsync(async context =>
        {
            foreach (var (name, value) in context.Request.Headers)
            {
                headers[name] = value.ToString();
            }

            var request = await FakeEtcd.ReadAsync(context, RangeRequest.Parser);
            await FakeEtcd.AnswerAsync(context, new RangeResponse { Count = request.Limit });
        });

        var result = await CallAsync(fake.Address, token: "secret");

        Assert.Equal(7, result.Answer?.Count);
        Assert.Equal("application/grpc", headers["Content-Type"]);
        Assert.Equal("trailers", headers["TE"]);
        Assert.Equal("500m", headers["grpc-timeout"]);
        Assert.Equal("secret", headers["token"]);
    }

    [Fact]
    public async Task An_error_in_the_headers_is_told_with_place_call_and_reason()
    {
        var failure = await FailAsync(context =>
            FakeEtcd.Refuse(context, GrpcStatus.PermissionDenied, "etcdserver: no \u00fcbel, please"));

        Assert.Equal(GrpcStatus.PermissionDenied, failure.Status);
        Assert.True(failure.IsRefusal);
        Assert.Equal(WriteOutcome.NotApplied, failure.Outcome);
        Assert.StartsWith($"etcd at {failure.Endpoint.GetLeftPart(UriPartial.Authority)}, call Range: etcdserver: no \u00fcbel, please",
            failure.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.Configuration, failure.ToException().Code);
    }

    [Fact]
    public async Task An_error_in_the_trailers_counts_also_after_a_message()
    {
        var failure = await FailAsync(async context =>
        {
            await FakeEtcd.SendAsync(context, new RangeResponse { Count = 1 });
            FakeEtcd.End(context, GrpcStatus.Unavailable, "etcdserver: leader changed");
        });

        Assert.Equal(GrpcStatus.Unavailable, failure.Status);
        Assert.False(failure.IsRefusal);
        Assert.Equal(WriteOutcome.Unknown, failure.Outcome);
        Assert.Contains("leader changed", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(GrpcStatus.InvalidArgument, WriteOutcome.NotApplied)]
    [InlineData(GrpcStatus.Unauthenticated, WriteOutcome.NotApplied)]
    [InlineData(GrpcStatus.ResourceExhausted, WriteOutcome.NotApplied)]
    [InlineData(GrpcStatus.Unknown, WriteOutcome.Unknown)]
    [InlineData(GrpcStatus.Cancelled, WriteOutcome.Unknown)]
    [InlineData(GrpcStatus.DeadlineExceeded, WriteOutcome.Unknown)]
    [InlineData(GrpcStatus.Aborted, WriteOutcome.Unknown)]
    [InlineData(GrpcStatus.Internal, WriteOutcome.Unknown)]
    [InlineData(GrpcStatus.DataLoss, WriteOutcome.Unknown)]
    [InlineData((GrpcStatus)77, WriteOutcome.Unknown)]
    internal async Task Only_what_is_surely_not_applied_is_called_so(GrpcStatus status, WriteOutcome outcome)
    {
        var failure = await FailAsync(context => FakeEtcd.Refuse(context, status, "no"));

        Assert.Equal(outcome, failure.Outcome);
    }

    [Fact]
    public async Task An_answer_that_ends_well_without_a_message_is_none()
    {
        var early = await FailAsync(context => FakeEtcd.Refuse(context, GrpcStatus.Ok, ""));
        var late = await FailAsync(async context =>
        {
            await FakeEtcd.SendAsync(context, Array.Empty<byte>());
            FakeEtcd.End(context, GrpcStatus.Ok);
        });

        Assert.All([early, late], failure =>
        {
            Assert.Equal(WriteOutcome.Unknown, failure.Outcome);
            Assert.Contains("without an answer", failure.Message, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData(new byte[] { 1, 0, 0, 0, 0 }, "compressed")]
    [InlineData(new byte[] { 0, 0, 0, 3, 233 }, "a message of 1001 bytes is longer than the limit of 1000")]
    [InlineData(new byte[] { 0, 255, 255, 255, 255 }, "a message of 4294967295 bytes")]
    [InlineData(new byte[] { 0, 0, 0, 0, 2, 255, 255 }, "cannot be read")]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, "a second message")]
    public async Task Bytes_that_are_no_answer_are_named(byte[] bytes, string reason)
    {
        var failure = await FailAsync(async context =>
        {
            await FakeEtcd.SendAsync(context, bytes);
            FakeEtcd.End(context, GrpcStatus.Ok);
        });

        Assert.Equal(ErrorCode.Protocol, failure.ToException().Code);
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
        Assert.Equal(WriteOutcome.Unknown, failure.Outcome);
    }

    [Theory]
    [InlineData(404, "application/grpc", "HTTP status 404")]
    [InlineData(200, "text/html", "an answer of type 'text/html'")]
    public async Task A_server_that_is_no_etcd_is_named(int status, string type, string reason)
    {
        var failure = await FailAsync(context =>
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = type;
            return context.Response.WriteAsync("hello");
        });

        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
        Assert.Contains("Check that the address is etcd's client address", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_speaks_http_1_is_named()
    {
        await using var fake = await FakeEtcd.StartAsync(FakeEtcd.Stall, HttpProtocols.Http1);

        var failure = (await CallAsync(fake.Address)).Failure;

        Assert.Contains("no HTTP/2", failure?.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[] { 0, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 9, 1, 2 })]
    public async Task A_cut_in_the_middle_of_a_message_leaves_a_write_unknown(byte[] bytes)
    {
        var aborted = await FailAsync(async context =>
        {
            await FakeEtcd.SendAsync(context, bytes);
            context.Abort();
        });
        var ended = await FailAsync(context => FakeEtcd.SendAsync(context, bytes));

        Assert.All([aborted, ended], failure =>
        {
            Assert.Equal(ErrorCode.Unreachable, failure.ToException().Code);
            Assert.Equal(WriteOutcome.Unknown, failure.Outcome);
            Assert.Contains("broke before the answer was complete", failure.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task An_answer_without_a_status_is_a_cut_one()
    {
        var failure = await FailAsync(context => FakeEtcd.SendAsync(context, new RangeResponse()));

        Assert.Equal(WriteOutcome.Unknown, failure.Outcome);
        Assert.Contains("ended without a status", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_at_the_address_means_that_nothing_was_sent()
    {
        var failure = (await CallAsync(Unused())).Failure;

        Assert.Equal(WriteOutcome.NotApplied, failure?.Outcome);
        Assert.False(failure?.IsRefusal);
        Assert.Contains("no connection", failure?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_is_not_made_in_time_means_that_nothing_was_sent()
    {
        // It listens, and never shakes hands for https.
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var options = Options with { ConnectTimeout = TimeSpan.FromMilliseconds(50) };

        var failure = (await CallAsync(new Uri($"https://{listener.LocalEndpoint}"), options: options)).Failure;

        Assert.Equal(WriteOutcome.NotApplied, failure?.Outcome);
        Assert.Contains("no connection: it was not made in time.", failure?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_stalls_before_or_within_its_answer_costs_the_deadline_and_no_more()
    {
        Func<HttpContext, Task>[] stalls =
        [
            FakeEtcd.Stall,
            async context =>
            {
                await FakeEtcd.SendAsync(context, [0, 0, 0, 0, 9, 1]);
                await FakeEtcd.Stall(context);
            },
        ];
        foreach (var stall in stalls)
        {
            await using var fake = await FakeEtcd.StartAsync(stall);
            var call = CallAsync(fake.Address);
            await Until.HoldsAsync(() => fake.Calls.Count == 1);

            _clock.Advance(_timeout - TimeSpan.FromTicks(1));
            Assert.False(call.IsCompleted);
            _clock.Advance(TimeSpan.FromTicks(1));

            var failure = (await call.WaitAsync(_patience)).Failure;
            Assert.Equal(GrpcStatus.DeadlineExceeded, failure?.Status);
            Assert.Equal(WriteOutcome.Unknown, failure?.Outcome);
            Assert.Contains("no answer within 500 ms", failure?.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_caller_who_gives_up_gets_an_exception()
    {
        using var stop = new CancellationTokenSource();
        await using var fake = await FakeEtcd.StartAsync(FakeEtcd.Stall);
        var call = CallAsync(fake.Address, cancellationToken: stop.Token);
        await Until.HoldsAsync(() => fake.Calls.Count == 1);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(_patience));
    }

    private async Task<GrpcFailure> FailAsync(Func<HttpContext, Task> answer)
    {
        await using var fake = await FakeEtcd.StartAsync(answer);
        var result = await CallAsync(fake.Address);
        Assert.Null(result.Answer);
        return result.Failure!;
    }

    private async Task<GrpcResult<RangeResponse>> CallAsync(
        Uri address, string? token = null, GrpcEndpointOptions? options = null, CancellationToken cancellationToken = default)
    {
        using var endpoint = new GrpcEndpoint(address, options ?? Options);
        return await endpoint.CallAsync(
            EtcdMethods.Range, new RangeRequest { Limit = 7 }, new GrpcCallHeaders(_timeout, token), cancellationToken);
    }

    /// <summary>An address that was free a moment ago.</summary>
    private static Uri Unused()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new Uri($"http://{listener.LocalEndpoint}");
    }
}
