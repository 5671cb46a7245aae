using System.Net;
using System.Net.Sockets;
using Kvs.Bench.Figures;
using Kvs.Bench.Load.Wires;
using Kvs.Bench.Workloads;

namespace Kvs.Bench.Load;

/// <summary>
/// One client: a socket that never blocks, the requests that are on their way, and the replies that have arrived so far.
/// Threading: one thread. Ownership: of the socket.
/// </summary>
internal sealed class LoadConnection : IDisposable
{
    private const int ReplyOverheadBytes = 1024; // more than any reply has beside its value
    private const int ReceiveBytesMin = 4096;
    private const int ReceiveBytesMax = 256 * 1024;
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    private readonly Socket _socket;
    private readonly nint _descriptor;
    private readonly Readiness _readiness;
    private readonly int _index;
    private readonly IWire _wire;
    private readonly KeyWriter _keys;
    private readonly PendingRequest[] _pending;
    private readonly byte[] _send;
    private readonly byte[] _received;
    private readonly byte[] _key = new byte[BenchKeys.Bytes];
    private int _pendingFirst;
    private uint _nextId = 1;
    private int _sendFirst;
    private int _sendEnd;
    private int _receivedEnd;
    private bool _isRoomWatched;

    private LoadConnection(LoadPlan plan, Socket socket, Readiness readiness, int index)
    {
        _socket = socket;
        _readiness = readiness;
        _index = index;
        _wire = plan.Wire;
        _keys = plan.KeyWriter;
        _pending = new PendingRequest[plan.Pipeline];
        var requestBytes = Enum.GetValues<RequestKind>().Max(kind => plan.Wire.Template(kind).Bytes.Length);
        _send = new byte[plan.Pipeline * requestBytes];
        var replyBytes = requestBytes + ReplyOverheadBytes;
        _received = new byte[Math.Max(replyBytes, Math.Clamp((long)plan.Pipeline * replyBytes, ReceiveBytesMin, ReceiveBytesMax))];
        _descriptor = socket.SafeHandle.DangerousGetHandle();
        readiness.Add(_descriptor, index);
    }

    /// <summary>Requests without a reply.</summary>
    internal int InFlight { get; private set; }

    /// <summary>Whether no further request may be sent now.</summary>
    internal bool IsFull => InFlight == _pending.Length;

    private bool HasUnsent => _sendFirst < _sendEnd;

    /// <summary>Connects, and waits for the answer to the greeting.</summary>
    /// <param name="plan">To whom, and what will be sent.</param>
    /// <param name="readiness">Watches its socket.</param>
    /// <param name="index">What stands for it there.</param>
    internal static LoadConnection Open(LoadPlan plan, Readiness readiness, int index)
    {
        var socket = new Socket(plan.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.Connect(plan.Address);
            socket.ReceiveTimeout = (int)_patience.TotalMilliseconds;
            socket.Send(plan.Wire.Greeting.Span);
            var answer = new byte[ReceiveBytesMin];
            var length = 0;
            for (var received = 0; length == 0; length = plan.Wire.ReadGreeting(answer.AsSpan(0, received)))
            {
                var more = socket.Receive(answer.AsSpan(received));
                received += more > 0 ? more : throw new LoadFaultException("The server closed the connection.");
            }

            socket.Blocking = false;
            return new LoadConnection(plan, socket, readiness, index);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Writes a request behind those that wait to be sent. There must be room (<see cref="IsFull"/>).</summary>
    /// <param name="kind">What it asks for.</param>
    /// <param name="key">Index of its key.</param>
    /// <param name="start">When it is sent, or should have been.</param>
    internal void Enqueue(RequestKind kind, long key, long start)
    {
        var template = _wire.Template(kind);
        if (_send.Length - _sendEnd < template.Bytes.Length)
        {
            _send.AsSpan(_sendFirst, _sendEnd - _sendFirst).CopyTo(_send);
            (_sendFirst, _sendEnd) = (0, _sendEnd - _sendFirst);
        }

        var id = _nextId++;
        _sendEnd += template.Write(_send.AsSpan(_sendEnd), id, key, _keys);
        _pending[Slot(InFlight)] = new PendingRequest(kind, id, key, start);
        InFlight++;
    }

    /// <summary>Sends what waits; what there is no room for is sent when there is.</summary>
    internal void Flush()
    {
        var failure = SocketError.Success;
        while (HasUnsent && failure == SocketError.Success)
        {
            _sendFirst += _socket.Send(_send.AsSpan(_sendFirst, _sendEnd - _sendFirst), SocketFlags.None, out failure);
        }

        if (HasUnsent && failure != SocketError.WouldBlock)
        {
            Require(failure);
        }

        if (!HasUnsent)
        {
            (_sendFirst, _sendEnd) = (0, 0);
        }

        if (HasUnsent != _isRoomWatched)
        {
            _isRoomWatched = HasUnsent;
            _readiness.WatchRoom(_descriptor, _index, _isRoomWatched);
        }
    }

    /// <summary>Receives what has arrived, and checks each reply that is whole.</summary>
    /// <param name="recorder">Told of each reply.</param>
    internal void Receive(LoadRecorder recorder)
    {
        var received = _socket.Receive(_received.AsSpan(_receivedEnd), SocketFlags.None, out var failure);
        if (failure == SocketError.WouldBlock)
        {
            return;
        }

        Require(failure);
        if (received == 0)
        {
            throw new LoadFaultException("The server closed a connection.");
        }

        var now = Clock.Nanos;
        _receivedEnd += received;
        var read = 0;
        while (read < _receivedEnd)
        {
            var length = ReadReply(_received.AsSpan(read, _receivedEnd - read), now, recorder);
            if (length == 0)
            {
                break;
            }

            read += length;
        }

        if (read > 0)
        {
            _received.AsSpan(read, _receivedEnd - read).CopyTo(_received);
            _receivedEnd -= read;
        }
    }

    /// <summary>Counts what has no reply as answered now: an open loop gives up at some time, and must not forget them.</summary>
    /// <param name="recorder">Told of each.</param>
    internal void GiveUp(LoadRecorder recorder)
    {
        for (var i = 0; i < InFlight; i++)
        {
            recorder.RecordUnanswered(_pending[Slot(i)]);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private int ReadReply(ReadOnlySpan<byte> received, long now, LoadRecorder recorder)
    {
        if (InFlight == 0)
        {
            throw new LoadFaultException("The server answered what nobody asked.");
        }

        ref readonly var request = ref _pending[_pendingFirst];
        if (request.Kind == RequestKind.Get)
        {
            _keys(request.Key, _key);
        }

        var length = _wire.ReadReply(received, in request, _key);
        if (length > 0)
        {
            recorder.Record(in request, now);
            _pendingFirst = Slot(1);
            InFlight--;
        }

        return length;
    }

    private int Slot(int behindFirst)
    {
        var slot = _pendingFirst + behindFirst;
        return slot < _pending.Length ? slot : slot - _pending.Length;
    }

    private static void Require(SocketError failure)
    {
        if (failure != SocketError.Success)
        {
            throw new LoadFaultException($"A connection failed: {failure}.");
        }
    }
}
