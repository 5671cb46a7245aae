using Kvs.Core.Buffers;
using Kvs.Core.Platform;

namespace Kvs.Server.Doors.Sessions;

/// <summary>
/// The receiving half of a session: the buffer, its share of the budget for large frames, and what the session waits
/// for while it waits. Threading: one thread at a time. Ownership: of the buffer; the connection is the session's.
/// </summary>
/// <param name="sessionBytesMax">Bytes that the session may have without asking.</param>
/// <param name="large">The budget of all sessions for more.</param>
/// <param name="connection">The connection.</param>
/// <param name="clock">What the session waits for.</param>
/// <param name="waits">Called when nothing was there and the session really waits.</param>
internal sealed class SessionReceiver(
    int sessionBytesMax, ByteBudget large, IConnection connection, SessionClock clock, Action waits)
{
    /// <summary>Bytes that must arrive of a frame for its time limit to begin anew.</summary>
    private const int ProgressBytes = 4096;

    private readonly ReceiveBuffer _buffer = new();
    private int _progress; // bytes of the frame that has begun, since its time limit began; 0 before that

    /// <summary>What was received and not yet consumed.</summary>
    internal ReadOnlyMemory<byte> Received => _buffer.Received;

    /// <summary>
    /// Whether the handshake is done and it is known who asks: until then the time limit of frames holds from the start,
    /// for all of it.
    /// </summary>
    internal bool IsReady { get; set; }

    /// <summary>Leaves a frame behind; its bytes stay as they are until the next receive.</summary>
    /// <param name="count">Bytes.</param>
    internal void Consume(int count)
    {
        _buffer.Consume(count);
        _progress = IsReady ? 0 : Math.Max(_progress, 1);
    }

    /// <summary>Waits for more bytes.</summary>
    /// <param name="frameBytes">Bytes of the frame that has begun, as far as known.</param>
    /// <returns>False when no more will come, or the session was ended.</returns>
    internal async ValueTask<bool> ReceiveAsync(int frameBytes)
    {
        await MakeRoomAsync(frameBytes);
        return TryWait(out var receive) && TryTake(await receive);
    }

    /// <summary>
    /// The first step of a receive: makes the buffer as large as it should be; a large one only within the budget of all
    /// sessions.
    /// </summary>
    /// <param name="frameBytes">Bytes of the frame that has begun, as far as known.</param>
    internal ValueTask MakeRoomAsync(int frameBytes)
    {
        var wanted = _buffer.WantedCapacity(frameBytes, sessionBytesMax);
        var change = Charge(wanted) - Charge(_buffer.Capacity);
        if (change > 0)
        {
            return GrowAsync(wanted, change);
        }

        _buffer.PrepareFor(wanted);
        if (change < 0)
        {
            large.Release(-change);
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>The second step: asks for bytes.</summary>
    /// <param name="receive">Awaited at once; how many came, for <see cref="TryTake"/>.</param>
    /// <returns>False when the session was ended.</returns>
    internal bool TryWait(out ValueTask<int> receive)
    {
        if (!TryBeginWaiting())
        {
            receive = default;
            return false;
        }

        receive = connection.ReceiveAsync(_buffer.Room, CancellationToken.None);
        if (!receive.IsCompleted)
        {
            waits();
        }

        return true;
    }

    /// <summary>The last step: takes what came.</summary>
    /// <param name="count">How many bytes.</param>
    /// <returns>False when no more will come, or the session was ended.</returns>
    internal bool TryTake(int count)
    {
        if (!clock.TryEnter(SessionPhase.Working))
        {
            return false;
        }

        _buffer.Add(count);
        _progress += count;
        return count > 0;
    }

    /// <summary>Reads on without looking, until the client closes, or up to a limit.</summary>
    /// <param name="bytesMax">The limit.</param>
    internal async ValueTask DiscardAsync(int bytesMax)
    {
        var sink = new byte[ReceiveBuffer.SmallBytes];
        while (bytesMax > 0)
        {
            var count = await connection.ReceiveAsync(sink, CancellationToken.None);
            bytesMax = count == 0 ? 0 : bytesMax - count;
        }
    }

    /// <summary>Gives its share of the budget back, at the end.</summary>
    internal void Release() => large.Release(Charge(_buffer.Capacity));

    /// <summary>A frame that trickles in byte by byte does not begin its time limit anew with each byte.</summary>
    private bool TryBeginWaiting()
    {
        if (IsReady && _buffer.Received.IsEmpty)
        {
            return clock.TryEnter(SessionPhase.Idle);
        }

        var isNew = _progress == 0 || (IsReady && _progress >= ProgressBytes);
        _progress = isNew ? 1 : _progress; // 1: begun, and nothing more has come
        return clock.TryEnter(SessionPhase.Partial, goesOn: !isNew);
    }

    private async ValueTask GrowAsync(int wanted, long change)
    {
        await large.AcquireAsync(change);
        _buffer.PrepareFor(wanted);
    }

    /// <summary>What an array of this size costs of the budget for large frames.</summary>
    private long Charge(int capacity) => Math.Max(0, capacity - sessionBytesMax);
}
