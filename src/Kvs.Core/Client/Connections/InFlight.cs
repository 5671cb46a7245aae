using Kvs.Core.Protocol;

namespace Kvs.Core.Client.Connections;

/// <summary>
/// What is under way on one connection: calls in the order of their answers, streams by id, and the slots that bound how
/// many calls there may be. It gives each frame to whoever waits for it; what becomes of the connection is not decided here.
/// Threading: members called <c>...Locked</c> under the gate that is given, the others by any thread without it. No
/// caller's code runs under the gate.
/// </summary>
/// <param name="gate">The gate of the connection.</param>
#pragma warning disable CA1001 // The semaphore's wait handle is never asked for, so it holds nothing; its last waiters go on after the end.
internal sealed class InFlight(Lock gate)
#pragma warning restore CA1001
{
    private readonly Queue<IPendingCall> _calls = new(); // guarded by the gate
    private readonly Dictionary<uint, IAnswerStream> _streams = []; // guarded by the gate
    private SemaphoreSlim _slots = new(0); // replaced once, by the handshake, before the connection is shared
    private bool _isOver; // written under the gate, published: Volatile

    /// <summary>Whether all was taken out because the connection has ended.</summary>
    internal bool IsOver => Volatile.Read(ref _isOver);

    /// <summary>Whether somebody still waits for an answer or reads a stream.</summary>
    internal bool IsAnyWaitingLocked => _streams.Count > 0 || _calls.Any(static call => !call.IsDone);

    /// <summary>Sets how many calls there may be; none before.</summary>
    /// <param name="count">The number.</param>
    internal void SetSlots(int count) => _slots = new SemaphoreSlim(count);

    /// <summary>Takes a slot for a call, when one is free.</summary>
    /// <returns>Whether one was.</returns>
    internal bool TryTakeSlot() => _slots.Wait(0, CancellationToken.None);

    /// <summary>Waits for a slot and takes it.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    internal Task TakeSlotAsync(CancellationToken cancellationToken) => _slots.WaitAsync(cancellationToken);

    /// <summary>Returns a slot whose call was never made.</summary>
    internal void ReturnSlot() => _slots.Release();

    /// <summary>Returns the slot of a call that has ended.</summary>
    /// <param name="call">The call.</param>
    internal void ReturnSlotOf(IPendingCall call)
    {
        // The Hello takes no slot: how many there are is in its answer; nor does the Auth that belongs to it.
        if (call.Opcode is not (Opcode.Hello or Opcode.Auth))
        {
            _slots.Release();
        }
    }

    /// <summary>Adds a call behind those that are under way.</summary>
    /// <param name="call">The call.</param>
    internal void AddLocked(IPendingCall call) => _calls.Enqueue(call);

    /// <summary>Adds a stream.</summary>
    /// <param name="id">Its request id.</param>
    /// <param name="stream">The stream.</param>
    internal void AddLocked(uint id, IAnswerStream stream) => _streams.Add(id, stream);

    /// <summary>Whether a stream has not ended.</summary>
    /// <param name="id">Its request id.</param>
    internal bool HasStreamLocked(uint id) => _streams.ContainsKey(id);

    /// <summary>Takes everything out, for good.</summary>
    internal (IPendingCall[] Calls, IAnswerStream[] Streams) EndLocked()
    {
        Volatile.Write(ref _isOver, true);
        (IPendingCall[] Calls, IAnswerStream[] Streams) all = ([.. _calls], [.. _streams.Values]);
        _calls.Clear();
        _streams.Clear();
        return all;
    }

    /// <summary>Finds the calls whose deadline has come. They stay: their answers may still arrive.</summary>
    /// <param name="now">The timestamp.</param>
    /// <param name="next">The earliest deadline of the others.</param>
    internal List<IPendingCall> LateLocked(long now, out long next)
    {
        var late = new List<IPendingCall>();
        next = long.MaxValue;
        foreach (var call in _calls)
        {
            if (!call.IsDone && call.Deadline <= now)
            {
                late.Add(call);
            }
            else if (!call.IsDone)
            {
                next = Math.Min(next, call.Deadline);
            }
        }

        return late;
    }

    /// <summary>Gives a frame to the call or the stream that waits for it.</summary>
    /// <param name="frame">The frame.</param>
    /// <returns>False when nobody waits for it, or it is malformed.</returns>
    internal bool TryGive(in Frame frame) =>
        frame.Opcode == Opcodes.ResponseTo(Opcode.Scan) || frame.Opcode == Opcodes.ResponseTo(Opcode.Watch)
            ? TryGiveToStream(in frame)
            : TryGiveToCall(in frame);

    private bool TryGiveToCall(in Frame frame)
    {
        IPendingCall? call;
        lock (gate)
        {
            // It stays in the queue until it is answered well: else it fails with the connection, like those behind it.
            if (!_calls.TryPeek(out call))
            {
                return false;
            }
        }

        if (frame.RequestId != (uint)call.Sequence
            || frame.Opcode != Opcodes.ResponseTo(call.Opcode)
            || (frame.Flags & FrameFlags.More) != FrameFlags.None
            || !call.Complete(in frame))
        {
            return false;
        }

        lock (gate)
        {
            if (!_isOver)
            {
                _calls.Dequeue();
                ReturnSlotOf(call);
            }
        }

        return true;
    }

    private bool TryGiveToStream(in Frame frame)
    {
        IAnswerStream? stream;
        var isLast = (frame.Flags & FrameFlags.More) == FrameFlags.None;
        lock (gate)
        {
            if (!_streams.TryGetValue(frame.RequestId, out stream))
            {
                return false;
            }

            if (isLast)
            {
                _streams.Remove(frame.RequestId);
            }
        }

        return stream.TryOffer(in frame, isLast);
    }
}
