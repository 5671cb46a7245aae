using Kvs.Core.Client;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Responses;
using Xunit;

namespace Kvs.Core.Tests.Client;

public sealed class ConnectTests : IAsyncDisposable
{
    private readonly ScriptedServer _server = new();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_server_that_is_not_there_is_unreachable_and_named()
    {
        var failure = await Assert.ThrowsAsync<KvsUnavailableException>(() => KvsClient.ConnectAsync("nowhere:1", _server.Options));
        Assert.Equal((ErrorCode.Unreachable, WriteOutcome.NotApplied), (failure.Code, failure.Outcome));
        Assert.Equal("No server at nowhere:1: Connection refused", failure.Message);
    }

    [Fact]
    public async Task The_first_address_that_answers_is_used()
    {
        var connecting = KvsClient.ConnectAsync($"nowhere:1,{_server.Address}", _server.Options);
        await _server.AcceptAsync();
        await using var client = await connecting;
    }

    [Theory]
    [InlineData("")]
    [InlineData("localhost")]
    [InlineData("a:1,b")]
    public async Task A_text_that_is_no_address_is_a_configuration_error(string addresses) =>
        await Assert.ThrowsAsync<KvsConfigurationException>(() => KvsClient.ConnectAsync(addresses, _server.Options));

    [Fact]
    public async Task A_server_that_does_not_shake_hands_in_time_is_unreachable()
    {
        var connecting = KvsClient.ConnectAsync(_server.Address, _server.Options with { ConnectTimeout = TimeSpan.FromSeconds(2) });
        await _server.AcceptSilentlyAsync();
        await _server.ReceiveAsync();
        _server.Time.Advance(TimeSpan.FromSeconds(2));
        var failure = await Assert.ThrowsAsync<KvsUnavailableException>(() => connecting);
        Assert.Contains("no answer within 2 s", failure.Message, StringComparison.Ordinal);
        await _server.ReceiveEndAsync();
    }

    [Theory]
    [InlineData(ErrorCode.TooManyConnections, typeof(KvsUnavailableException))]
    [InlineData(ErrorCode.UnsupportedVersion, typeof(KvsProtocolException))]
    public async Task A_refused_handshake_says_why(ErrorCode code, Type type)
    {
        var connecting = KvsClient.ConnectAsync(_server.Address, _server.Options);
        await _server.AcceptSilentlyAsync();
        await _server.ReceiveAsync();
        await _server.AnswerAsync(answer => new ErrorResponse(code, WriteOutcome.NotApplied, "no").WriteClosing(answer, 0));
        var failure = await Assert.ThrowsAnyAsync<KvsException>(() => connecting);
        Assert.IsType(type, failure);
        Assert.Equal((code, "no"), (failure.Code, failure.Message));
    }

    [Fact]
    public async Task Cancelling_ends_the_attempt()
    {
        using var source = new CancellationTokenSource();
        var connecting = KvsClient.ConnectAsync(_server.Address, _server.Options, source.Token);
        await _server.AcceptSilentlyAsync();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting);
    }

    [Fact]
    public async Task A_client_that_is_disposed_takes_no_calls_and_fails_those_that_wait()
    {
        var client = await _server.ConnectAsync();
        var set = client.SetAsync("k", "v").AsTask();
        await _server.ReceiveAsync();
        await client.DisposeAsync();
        await client.DisposeAsync();
        var failure = await Assert.ThrowsAsync<KvsUnavailableException>(() => set);
        Assert.Equal(WriteOutcome.Unknown, failure.Outcome);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await client.GetAsync("k"));
    }

    [Fact]
    public async Task Sockets_carry_bytes_both_ways_and_say_when_they_end()
    {
        var transport = new SocketTransport();
        using var listener = transport.Listen("127.0.0.1", 0);
        using var client = await transport.ConnectAsync("localhost", listener.Port, CancellationToken.None);
        using var server = await listener.AcceptAsync(CancellationToken.None);
        var received = new byte[8];

        await client.SendAsync(new byte[] { 1, 2, 3 }, CancellationToken.None);
        Assert.Equal(3, await server.ReceiveAsync(received, CancellationToken.None));
        await server.SendAsync(new byte[] { 4 }, CancellationToken.None);
        Assert.Equal(1, await client.ReceiveAsync(received, CancellationToken.None));
        client.Dispose();
        Assert.Equal(0, await server.ReceiveAsync(received, CancellationToken.None));
        await Assert.ThrowsAsync<IOException>(async () => await client.SendAsync(new byte[] { 5 }, CancellationToken.None));
        Assert.Throws<IOException>(() => transport.Listen("127.0.0.1", listener.Port));
    }
}
