using Kvs.Core.Primitives;

namespace Kvs.Server.Doors.Sessions;

/// <summary>
/// What a session has received and not yet consumed, in one array, so that frames are parsed and handed over in place.
/// A small array serves while bursts are small, so that thousands of idle connections cost little; a full one makes
/// room
/// for larger bursts, and after a while of small ones it is given up again. It grows with what really arrives, never
/// with
/// what a length field announces. Threading: one thread at a time. Ownership: of its array; slices of
/// <see cref="Received"/> are valid until the next <see cref="PrepareFor"/>.
/// </summary>
internal sealed class ReceiveBuffer
{
    /// <summary>Size of the small array.</summary>
    internal const int SmallBytes = 4096;

    private const int SmallBurstsBeforeShrink = 64;
    private byte[] _bytes = new byte[SmallBytes];
    private int _start;
    private int _end;
    private int _smallBursts;

    /// <summary>Size of the array.</summary>
    internal int Capacity => _bytes.Length;

    /// <summary>What was received and not yet consumed.</summary>
    internal ReadOnlyMemory<byte> Received => _bytes.AsMemory(_start, _end - _start);

    /// <summary>Room for the next receive; never empty after <see cref="PrepareFor"/>.</summary>
    internal Memory<byte> Room => _bytes.AsMemory(_end);

    /// <summary>The size that the array should have to receive on.</summary>
    /// <param name="frameBytes">Bytes of the frame at the beginning, as far as known; 0 when there is none.</param>
    /// <param name="burstBytesMax">Size up to which the array grows for bursts of small frames.</param>
    /// <returns>The present size, or another one.</returns>
    internal int WantedCapacity(int frameBytes, int burstBytesMax)
    {
        var unread = _end - _start;
        if (_end == _bytes.Length)
        {
            // The last receive filled it: more is waiting.
            var largest = Math.Max(Math.Max(frameBytes, burstBytesMax), unread + 1L);
            return (int)Math.Min(_bytes.Length * 2L, largest);
        }

        var isTooLarge = _bytes.Length > burstBytesMax || _smallBursts >= SmallBurstsBeforeShrink;
        return isTooLarge && unread <= SmallBytes / 2 && frameBytes <= SmallBytes ? SmallBytes : _bytes.Length;
    }

    /// <summary>Moves what is unread to the front of an array of the wanted size.</summary>
    /// <param name="capacity">From <see cref="WantedCapacity"/>.</param>
    internal void PrepareFor(int capacity)
    {
        var unread = Received;
        Check.That(unread.Length < capacity);
        var target = capacity == _bytes.Length ? _bytes : GC.AllocateUninitializedArray<byte>(capacity);
        if (_start > 0 || target != _bytes)
        {
            unread.Span.CopyTo(target);
        }

        _smallBursts = target == _bytes ? _smallBursts : 0;
        _bytes = target;
        _end = unread.Length;
        _start = 0;
    }

    /// <summary>Counts what a receive brought.</summary>
    /// <param name="count">Bytes.</param>
    internal void Add(int count)
    {
        Check.That(count >= 0 && count <= _bytes.Length - _end);
        _end += count;
        _smallBursts = _end - _start <= SmallBytes / 2 ? _smallBursts + 1 : 0;
    }

    /// <summary>
    /// Leaves a frame behind. Its bytes stay as they are until the array is prepared for the next receive.
    /// </summary>
    /// <param name="count">Bytes.</param>
    internal void Consume(int count)
    {
        Check.That(count >= 0 && count <= _end - _start);
        _start += count;
    }
}
