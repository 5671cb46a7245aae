using Kvs.Core.Buffers;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;

namespace Kvs.Server.Doors.Sessions;

/// <summary>
/// The bytes that wait to be sent. No answer with large values is written before its bytes are taken from the budget that
/// all connections share; they are given back when it has been sent. Who waits for that budget holds none of it, and
/// who holds some waits for nothing but the engine and its own client, whom a time limit ends.
/// Threading: one thread at a time. Ownership: of its buffer and its share of the budget.
/// </summary>
/// <param name="budget">Bytes of large answers that all connections share.</param>
internal sealed class SendBuffer(ByteBudget budget)
{
    /// <summary>What each buffer may hold without asking, and keeps for the next burst.</summary>
    internal const int OwnBytes = 64 * 1024;

    private long _held;

    /// <summary>The bytes.</summary>
    internal FrameBuffer Frames { get; } = new();

    /// <summary>Bytes that wait.</summary>
    internal int Length => Frames.Length;

    /// <summary>Makes sure that an answer of so many bytes may be written, before it is; waits for them.</summary>
    /// <param name="bytes">How many. More than the whole budget is given to one buffer alone.</param>
    internal ValueTask ReserveAsync(long bytes) =>
        bytes <= Math.Max(OwnBytes, _held) ? ValueTask.CompletedTask : AcquireAsync(bytes);

    /// <summary>Forgets what has been sent, to write more of the same size.</summary>
    internal void Empty() => Frames.Clear(int.MaxValue);

    /// <summary>Forgets what has been sent, and gives large memory and its share of the budget back.</summary>
    internal void Clear()
    {
        Frames.Clear(OwnBytes);
        if (_held > 0)
        {
            budget.Release(_held);
            _held = 0;
        }
    }

    /// <summary>Gives up what it keeps for the next burst. Nothing may wait.</summary>
    /// <returns>Bytes that it gave up.</returns>
    internal long Rest()
    {
        Check.That(Length == 0);
        return Frames.Rest();
    }

    private async ValueTask AcquireAsync(long bytes)
    {
        Check.That(Length == 0); // what was written before would be held back, and more than was asked for
        Clear();
        await budget.AcquireAsync(bytes);
        _held = bytes;
    }
}
