using Kvs.Core.Buffers;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;

namespace Kvs.Server.Doors.Sessions;

/// <summary>
/// The receiving half of a session: the buffer, its share of the bytes that all sessions may receive, and what the session
/// waits for while it waits. A burst of small frames gets more room only while there are bytes left; a frame up to the size
/// of a session gets its room at once; a larger one waits for all of its bytes in one, so that no two wait for each other,
/// and not for ever. Threading: one thread at a time. Ownership: of the buffer; the connection is the session's.
/// </summary>
/// <param name="sessionBytesMax">Bytes up to which a frame need not ask.</param>
/// <param name="budget">Bytes of all sessions for more.</param>
/// <param name="connection">The connection.</param>
/// <param name="clock">What the session waits for.</param>
/// <param name="time">Clocks and timers.</param>
/// <param name="waits">Called when nothing was there and the session really waits.</param>
internal sealed class SessionReceiver(
    int sessionBytesMax, ByteBudget budget, IConnection connection, SessionClock clock, TimeProvider time, Action waits)
{
    /// <summary>Bytes that must arrive of a frame for its time limit to begin anew.</summary>
    private const int ProgressBytes = 4096;

    private readonly ReceiveBuffer _buffer = new();
    private readonly List<BudgetShare> _shares = []; // of the large frame that has begun
    private long _burstBytes; // of the budget, for the burst in hand
    private int _frameBytes; // of the budget, for the large frame
    private int _progress; // bytes of the frame that has begun, since its time limit began; 0 before that

    /// <summary>Bytes of the array that it has.</summary>
    internal int Capacity => _buffer.Capacity;

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
        if (TryRest() && (!TryWait(isBare: true, out var some) || !TryWake(await some)))
        {
            return false;
        }

        await MakeRoomAsync(frameBytes);
        return TryWait(isBare: false, out var receive) && TryTake(await receive);
    }

    /// <summary>
    /// Gives a large array back while nothing comes: others may need it. Then a receive begins with a bare wait.
    /// </summary>
    /// <returns>False when there is none to be given back.</returns>
    internal bool TryRest()
    {
        if (_buffer.Capacity == ReceiveBuffer.SmallBytes || !_buffer.Received.IsEmpty || !IsReady)
        {
            return false;
        }

        _buffer.Rest(sessionBytesMax);
        GiveBack();
        return true;
    }

    /// <summary>The first step of a receive: makes the buffer as large as it should be.</summary>
    /// <param name="frameBytes">Bytes of the frame that has begun, as far as known.</param>
    /// <exception cref="KvsUnavailableException">Overloaded: for too long there was no room for the frame.</exception>
    internal ValueTask MakeRoomAsync(int frameBytes)
    {
        var capacity = _buffer.WantedCapacity(frameBytes, sessionBytesMax);
        var change = capacity - _buffer.Capacity;
        if (change > 0 && frameBytes > sessionBytesMax)
        {
            return GrowAsync(capacity, frameBytes);
        }

        if (change < 0)
        {
            GiveBack();
        }
        else if (change > 0 && !TryTakeForBurst(change) && !_buffer.IsTooSmallFor(frameBytes))
        {
            capacity = _buffer.Capacity;
        }

        _buffer.PrepareFor(capacity, sessionBytesMax);
        return ValueTask.CompletedTask;
    }

    /// <summary>The second step: asks for bytes.</summary>
    /// <param name="isBare">Whether it only waits for them, without a place for them.</param>
    /// <param name="receive">Awaited at once; how many came, for <see cref="TryTake"/> or <see cref="TryWake"/>.</param>
    /// <returns>False when the session was ended.</returns>
    internal bool TryWait(bool isBare, out ValueTask<int> receive)
    {
        if (!TryBeginWaiting())
        {
            receive = default;
            return false;
        }

        receive = connection.ReceiveAsync(isBare ? default : _buffer.Room, CancellationToken.None);
        if (!receive.IsCompleted)
        {
            waits();
        }

        return true;
    }

    /// <summary>The end of a bare wait.</summary>
    /// <param name="count">None.</param>
    /// <returns>False when the session was ended.</returns>
    internal bool TryWake(int count)
    {
        Check.That(count == 0);
        return clock.TryEnter(SessionPhase.Working);
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
    internal void Release() => GiveBack();

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

    private async ValueTask GrowAsync(int capacity, int frameBytes)
    {
        if (frameBytes > _frameBytes)
        {
            GiveBurstBack(); // the frame's bytes are for all of the array; who waits holding some keeps out those before it
            _shares.Add(await BudgetShare.TakeAsync(budget, frameBytes - _frameBytes, time, CancellationToken.None));
            _frameBytes = frameBytes;
        }

        _buffer.PrepareFor(capacity, sessionBytesMax);
    }

    private bool TryTakeForBurst(int bytes)
    {
        if (!budget.TryAcquire(bytes))
        {
            return false;
        }

        _burstBytes += bytes;
        return true;
    }

    private void GiveBack()
    {
        GiveBurstBack();
        foreach (var share in _shares)
        {
            share.Dispose();
        }

        _shares.Clear();
        _frameBytes = 0;
    }

    private void GiveBurstBack()
    {
        if (_burstBytes > 0)
        {
            budget.Release(_burstBytes);
            _burstBytes = 0;
        }
    }
}
