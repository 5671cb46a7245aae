using System.Net.Sockets;
using System.Text;
using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;
using Xunit;

namespace Kvs.Server.Tests.Doors;

/// <summary>
/// A client that sends exactly the frames, and pieces of frames, that a test wants, over a real socket. Every wait ends
/// after a deadline. Threading: one thread at a time.
/// </summary>
internal sealed class WireClient : IDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(20);

    private readonly IConnection _connection;
    private readonly FrameBuffer _outgoing = new();
    private byte[] _received = new byte[64 * 1024];
    private int _end;
    private int _start;

    private WireClient(IConnection connection) => _connection = connection;

    /// <summary>Connects, without a handshake.</summary>
    internal static async Task<WireClient> ConnectRawAsync(int port, int? receiveBytes = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBytes is { } bytes)
        {
            socket.ReceiveBufferSize = bytes;
        }

        await socket.ConnectAsync("127.0.0.1", port);
        return new WireClient(new SocketConnection(socket));
    }

    /// <summary>Connects and shakes hands.</summary>
    internal static async Task<WireClient> ConnectAsync(
        int port, uint frameBytesMax = 0, int? receiveBytes = null, Features features = Features.None)
    {
        var client = await ConnectRawAsync(port, receiveBytes);
        await client.ShakeHandsAsync(frameBytesMax, features);
        return client;
    }

    /// <summary>Connects over another network and shakes hands.</summary>
    internal static async Task<WireClient> ConnectAsync(ITransport transport, int port)
    {
        var client = new WireClient(await transport.ConnectAsync("127.0.0.1", port, CancellationToken.None));
        await client.ShakeHandsAsync(frameBytesMax: 0);
        return client;
    }

    /// <summary>A handshake.</summary>
    internal static Hello NewHello(uint frameBytesMax = 0, Features features = Features.None) => new()
    {
        Features = features,
        VersionMin = 1,
        VersionMax = 1,
        ClientId = 7,
        FrameBytesMax = frameBytesMax,
        ClientName = "test",
    };

    /// <summary>The code of an answer, and what stands behind it.</summary>
    internal static ErrorCode CodeOf(Frame frame, out ReadOnlyMemory<byte> body)
    {
        Assert.True(ResponseDecoder.TryReadCode(in frame, out var code, out body));
        return code;
    }

    /// <summary>The position beside an answer; none when there is none.</summary>
    internal static KvsVersion PositionOf(Frame frame)
    {
        Assert.True(ResponseFields.TryRead(frame.Fields, out var fields));
        return fields.Position;
    }

    /// <summary>The error that an answer is.</summary>
    internal static ErrorResponse ErrorOf(Frame frame)
    {
        Assert.True(ErrorResponse.TryRead(in frame, out var error));
        return error;
    }

    /// <summary>Adds frames to what is sent next.</summary>
    internal WireClient Write(Action<FrameBuffer> write)
    {
        write(_outgoing);
        return this;
    }

    /// <summary>Adds an operation.</summary>
    internal WireClient Write(uint id, Operation operation, RequestFields fields = default) =>
        Write(target => RequestEncoder.WriteOperation(target, id, in fields, in operation));

    /// <summary>Adds a set.</summary>
    internal WireClient Set(uint id, string key, string value) => Write(id, Operation.Set(key, value, null));

    /// <summary>Adds a get.</summary>
    internal WireClient Get(uint id, string key) =>
        Write(id, new Operation { Kind = OperationKind.Get, Key = Encoding.UTF8.GetBytes(key) });

    /// <summary>Adds a request without a body.</summary>
    internal WireClient Empty(uint id, Opcode opcode, RequestFields fields = default) =>
        Write(target => RequestEncoder.WriteEmpty(target, opcode, id, in fields));

    /// <summary>Sends what was added, in one send.</summary>
    internal async Task SendAsync()
    {
        await SendRawAsync(_outgoing.Written);
        _outgoing.Clear();
    }

    /// <summary>Sends bytes as they are.</summary>
    internal async Task SendRawAsync(ReadOnlyMemory<byte> bytes)
    {
        using var timeout = new CancellationTokenSource(_deadline);
        await _connection.SendAsync(bytes, timeout.Token);
    }

    /// <summary>Takes the bytes that were added, without sending them.</summary>
    internal byte[] TakeOutgoing()
    {
        var bytes = _outgoing.Written.ToArray();
        _outgoing.Clear();
        return bytes;
    }

    /// <summary>Says that nothing more will be sent.</summary>
    internal void FinishSending() => _connection.FinishSending();

    /// <summary>The next frame; its bytes are its own.</summary>
    internal async Task<Frame> ReadAsync() =>
        await TryReadAsync() ?? throw new IOException("The server closed the connection where a frame was expected.");

    /// <summary>The next frame, or null when the server has closed the connection.</summary>
    internal async Task<Frame?> TryReadAsync()
    {
        using var timeout = new CancellationTokenSource(_deadline);
        while (true)
        {
            var status = FrameDecoder.TryRead(_received.AsMemory(_start, _end - _start), Limits.FrameBytesMax,
                out var frame, out _);
            Assert.NotEqual(FrameStatus.Refused, status);
            if (status == FrameStatus.Ready)
            {
                _start += frame.Length;
                return frame with { Body = frame.Body.ToArray(), Fields = frame.Fields.ToArray() };
            }

            MakeRoom(frame.Length);
            var count = await _connection.ReceiveAsync(_received.AsMemory(_end), timeout.Token);
            if (count == 0)
            {
                return null;
            }

            _end += count;
        }
    }

    /// <summary>So many bytes as they come, whatever they are; not mixed with reading frames.</summary>
    internal async Task<byte[]> ReadBytesAsync(int count)
    {
        using var timeout = new CancellationTokenSource(_deadline);
        var bytes = new byte[count];
        for (var read = 0; read < count;)
        {
            var part = await _connection.ReceiveAsync(bytes.AsMemory(read), timeout.Token);
            read += part > 0 ? part : throw new IOException($"The server closed the connection, {count - read} bytes early.");
        }

        return bytes;
    }

    /// <summary>Waits until the server has closed the connection, by whichever way.</summary>
    internal async Task WaitForCloseAsync()
    {
        try
        {
            while (await TryReadAsync() is not null)
            {
            }
        }
        catch (IOException)
        {
            // Reset: closed too.
        }
    }

    /// <summary>The next answer as that of a get: its value, or null when the key is missing.</summary>
    internal async Task<string?> ReadValueAsync(uint id)
    {
        var frame = await ReadAsync();
        Assert.Equal((id, Opcodes.ResponseTo(Opcode.Get)), (frame.RequestId, frame.Opcode));
        Assert.Equal(ErrorCode.None, CodeOf(frame, out var body));
        Assert.True(ResponseDecoder.TryReadResult(body, out var result));
        return result.HasValue ? Encoding.UTF8.GetString(body.Span.Slice(result.ValueOffset, result.ValueLength))
            : null;
    }

    /// <summary>The next answer as that of a write that was applied.</summary>
    internal async Task<KvsVersion> ReadAppliedAsync(uint id)
    {
        var frame = await ReadAsync();
        Assert.Equal(id, frame.RequestId);
        Assert.Equal(ErrorCode.None, CodeOf(frame, out var body));
        Assert.True(ResponseDecoder.TryReadWrite(body, out var version, out _));
        return version;
    }

    /// <summary>The next answer, which must have this code.</summary>
    internal async Task<Frame> ReadCodeAsync(uint id, ErrorCode code)
    {
        var frame = await ReadAsync();
        Assert.Equal((id, code), (frame.RequestId, CodeOf(frame, out _)));
        return frame;
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    private async Task ShakeHandsAsync(uint frameBytesMax, Features features = Features.None)
    {
        Write(target => NewHello(frameBytesMax, features).Write(target, 1));
        await SendAsync();
        var answer = await ReadAsync();
        Assert.Equal(ErrorCode.None, CodeOf(answer, out var body));
        Assert.True(HelloAck.TryRead(body, out _));
    }

    private void MakeRoom(int frameBytes)
    {
        var unread = _end - _start;
        var target = Math.Max(frameBytes, _received.Length) <= _received.Length ? _received : new byte[frameBytes];
        Buffer.BlockCopy(_received, _start, target, 0, unread);
        (_received, _start, _end) = (target, 0, unread);
    }
}
