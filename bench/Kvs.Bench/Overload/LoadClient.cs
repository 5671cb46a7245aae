using System.Net.Sockets;

namespace Kvs.Bench.Overload;

/// <summary>A connection that has been opened in the way of its door. Threading: one reader and one writer. Ownership: of the socket.</summary>
internal sealed class LoadClient : IDisposable
{
    private readonly Socket _socket;
    private readonly DoorWire _wire;
    private byte[] _received = new byte[4096];
    private int _end;

    private LoadClient(Socket socket, DoorWire wire)
    {
        _socket = socket;
        _wire = wire;
    }

    /// <summary>Connects and waits until the door has answered.</summary>
    /// <param name="server">The server.</param>
    /// <param name="wire">The door.</param>
    internal static async Task<LoadClient> OpenAsync(LoadedServer server, DoorWire wire)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(server.Address);
            var client = new LoadClient(socket, wire);
            await client.AskAsync(wire.Opening);
            return client;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends bytes; returns when the system has all of them.</summary>
    /// <param name="bytes">The bytes.</param>
    internal async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        for (var sent = 0; sent < bytes.Length;)
        {
            sent += await _socket.SendAsync(bytes[sent..], SocketFlags.None);
        }
    }

    /// <summary>Receives until so many answers have come.</summary>
    /// <param name="answers">How many at least.</param>
    /// <returns>Those that have come.</returns>
    internal async ValueTask<AnswerCount> ReceiveAsync(long answers)
    {
        var count = default(AnswerCount);
        while (count.All < answers)
        {
            if (_end == _received.Length)
            {
                Array.Resize(ref _received, 2 * _received.Length);
            }

            var more = await _socket.ReceiveAsync(_received.AsMemory(_end), SocketFlags.None);
            if (more == 0)
            {
                throw new IOException("The server closed the connection.");
            }

            _end += more;
            var taken = _wire.Read(_received.AsSpan(0, _end), ref count);
            _received.AsSpan(taken, _end - taken).CopyTo(_received);
            _end -= taken;
        }

        return count;
    }

    /// <summary>Sends a request and receives its answer.</summary>
    /// <param name="request">The request.</param>
    internal async Task AskAsync(byte[] request)
    {
        await SendAsync(request);
        await ReceiveAsync(1);
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
