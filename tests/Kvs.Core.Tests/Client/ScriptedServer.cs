using Kvs.Core.Client;
using Kvs.Core.Client.Connections;
using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;
using Kvs.Core.Tests.Protocol;
using Kvs.TestKit;
using Kvs.TestKit.Network;
using Xunit;

namespace Kvs.Core.Tests.Client;

/// <summary>
/// A server that does what the test says, frame by frame, over memory. It shakes hands by itself. Its clients repeat nothing
/// unless a test says so.
/// </summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly MemoryTransport _transport;
    private readonly IListener _listener;
    private readonly FrameBuffer _answer = new();
    private IConnection? _connection;
    private FrameReceiver? _receiver;

    internal ScriptedServer(MemoryTransport? transport = null)
    {
        _transport = transport ?? new MemoryTransport();
        _listener = _transport.Listen("memory", 0);
    }

    internal ManualTimeProvider Time { get; } = new();

    internal HelloAck Ack { get; set; } = Samples.Ack with { FrameBytesMax = 1 << 20, InFlightMax = 100 };

    internal KvsClientOptions Options => new() { Transport = _transport, TimeProvider = Time, ClientId = 77, Retry = false };

    internal string Address => $"memory:{_listener.Port}";

    internal Hello Hello { get; private set; }

    /// <summary>A client that is connected, while the script goes on with this server's connection.</summary>
    internal async Task<KvsClient> ConnectAsync(KvsClientOptions? options = null)
    {
        var connecting = KvsClient.ConnectAsync(Address, options ?? Options);
        await AcceptAsync();
        return await connecting;
    }

    /// <summary>Accepts the next connection and shakes hands.</summary>
    internal async Task AcceptAsync()
    {
        await AcceptSilentlyAsync();
        var frame = await ReceiveAsync();
        Assert.True(Hello.TryRead(in frame, out var hello, out _, out _));
        Hello = hello;
        await AnswerAsync(answer => Ack.Write(answer, frame.RequestId));
    }

    internal async Task AcceptSilentlyAsync()
    {
        _connection = await _listener.AcceptAsync(CancellationToken.None);
        _receiver = new FrameReceiver();
    }

    /// <summary>Makes this server unreachable for new connections.</summary>
    internal void StopListening() => _listener.Dispose();

    /// <summary>The next request, with its optional fields.</summary>
    internal async Task<(Frame Frame, RequestFields Fields)> ReceiveWithFieldsAsync()
    {
        var frame = await ReceiveAsync();
        Assert.True(RequestDecoder.TryReadHeader(in frame, out var fields, out _));
        return (frame, fields);
    }

    /// <summary>Answers a write as applied.</summary>
    internal Task AnswerWriteAsync(Frame request, ResponseFields fields = default) => AnswerAsync(answer =>
    {
        var write = new WriteRequest { Version = Samples.Version };
        write.Operations.Add(default);
        write.Results.Add(default);
        ResponseEncoder.WriteCompleted(answer, request.Opcode, request.RequestId, write, default, fields.Position);
    });

    /// <summary>Answers with an error.</summary>
    internal Task RefuseAsync(Frame request, ErrorResponse error) =>
        AnswerAsync(answer => error.WriteTo(answer, request.Opcode, request.RequestId));

    /// <summary>The next request.</summary>
    internal async Task<Frame> ReceiveAsync()
    {
        Frame frame;
        while (!_receiver!.TryNext(out frame))
        {
            Assert.True(await ReceiveMoreAsync(), "the client closed the connection");
        }

        // The receiver's buffer is used again; the script may keep the frame.
        return frame with { Body = frame.Body.ToArray(), Fields = frame.Fields.ToArray() };
    }

    /// <summary>Waits until the client has closed the connection.</summary>
    internal async Task ReceiveEndAsync()
    {
        while (await ReceiveMoreAsync())
        {
            while (_receiver!.TryNext(out _))
            {
            }
        }
    }

    /// <summary>Sends frames, in one piece.</summary>
    internal async Task AnswerAsync(Action<FrameBuffer> write)
    {
        _answer.Clear();
        write(_answer);
        await SendAsync(_answer.Written);
    }

    internal Task AnswerOkAsync(in Frame request)
    {
        var (opcode, id) = (request.Opcode, request.RequestId);
        return AnswerAsync(answer => ResponseEncoder.WriteOk(answer, opcode, id));
    }

    internal async Task SendAsync(ReadOnlyMemory<byte> bytes) => await _connection!.SendAsync(bytes, CancellationToken.None);

    private async Task<bool> ReceiveMoreAsync()
    {
        var count = await _connection!.ReceiveAsync(_receiver!.MakeRoom(), CancellationToken.None);
        _receiver.Add(count);
        return count > 0;
    }

    internal void Close() => _connection!.Dispose();

    public ValueTask DisposeAsync()
    {
        _connection?.Dispose();
        _listener.Dispose();
        return ValueTask.CompletedTask;
    }
}
