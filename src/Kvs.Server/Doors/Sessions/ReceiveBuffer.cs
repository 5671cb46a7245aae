using Kvs.Core.Buffers;
using Kvs.Core.Primitives;

namespace Kvs.Server.Doors.Sessions;

/// <summary>
/// What a session has received and not yet consumed, in one array, so that frames are parsed and handed over in place.
/// A small array of its own serves while bursts are small, so that thousands of idle connections cost little; a full one makes
/// room for larger bursts, in an array that is shared with other sessions and lent only while something is in it. After a
/// while of small bursts the session needs none. It grows with what really arrives, never with what a length field
/// announces. Threading: one thread at a time. Ownership: of its arrays; slices of <see cref="Received"/> are valid until the
/// next <see cref="PrepareFor"/> or <see cref="Rest"/>.
/// </summary>
internal sealed class ReceiveBuffer
{
    /// <summary>Size of the small array.</summary>
    internal const int SmallBytes = 4096;

    private const int SmallBurstsBeforeShrink = 64;
    private readonly byte[] _small = new byte[SmallBytes];
    private byte[] _bytes;
    private int _start;
    private int _end;
    private int _smallBursts;
    private int _burstCapacity = SmallBytes; // what the last bursts needed

    /// <summary>Creates it, empty and small.</summary>
    internal ReceiveBuffer() => _bytes = _small;

    /// <summary>Bytes that it has room for.</summary>
    internal int Capacity { get; private set; } = SmallBytes;

    /// <summary>What was received and not yet consumed.</summary>
    internal ReadOnlyMemory<byte> Received => _bytes.AsMemory(_start, _end - _start);

    /// <summary>Room for the next receive; never empty after <see cref="PrepareFor"/>.</summary>
    internal Memory<byte> Room => _bytes.AsMemory(_end, Capacity - _end);

    /// <summary>The size that it should have to receive on.</summary>
    /// <param name="frameBytes">Bytes of the frame at the beginning, as far as known; 0 when there is none.</param>
    /// <param name="burstBytesMax">Size up to which it grows for bursts of small frames.</param>
    /// <returns>The present size, or another one.</returns>
    internal int WantedCapacity(int frameBytes, int burstBytesMax)
    {
        var unread = _end - _start;
        if (_end == Capacity)
        {
            // The last receive filled it: more is waiting.
            var largest = Math.Max(Math.Max(frameBytes, burstBytesMax), unread + 1L);
            return (int)Math.Min(Capacity * 2L, largest);
        }

        var isTooLarge = Capacity > burstBytesMax || _smallBursts >= SmallBurstsBeforeShrink;
        return isTooLarge && unread <= SmallBytes / 2 && frameBytes <= SmallBytes ? SmallBytes : Math.Max(Capacity, _burstCapacity);
    }

    /// <summary>Whether the frame that has begun cannot arrive in it as it is.</summary>
    /// <param name="frameBytes">Its bytes, as far as known.</param>
    internal bool IsTooSmallFor(int frameBytes) => frameBytes > Capacity || _end - _start == Capacity;

    /// <summary>Moves what is unread to the front, of another array if it shall have another size.</summary>
    /// <param name="capacity">From <see cref="WantedCapacity"/>.</param>
    /// <param name="burstBytesMax">Size up to which it grows for bursts of small frames.</param>
    internal void PrepareFor(int capacity, int burstBytesMax)
    {
        var unread = Received;
        Check.That(unread.Length < capacity);
        var before = _bytes;
        var target = capacity == Capacity ? before : NewArray(capacity);
        if (_start > 0 || target != before)
        {
            unread.Span.CopyTo(target);
        }

        _end = unread.Length;
        _start = 0;
        _burstCapacity = Math.Min(capacity, burstBytesMax);
        if (target != before)
        {
            _bytes = target;
            GiveBack(before, Capacity);
            Capacity = capacity;
            _smallBursts = 0;
        }
    }

    /// <summary>Gives a large array back while nothing comes; the next burst gets one at once. Nothing may be unread.</summary>
    /// <param name="burstBytesMax">Size up to which it grows for bursts of small frames.</param>
    internal void Rest(int burstBytesMax)
    {
        Check.That(_start == _end);
        _burstCapacity = (int)Math.Min(_end == Capacity ? 2L * Capacity : Capacity, burstBytesMax);
        if (Capacity > SmallBytes)
        {
            GiveBack(_bytes, Capacity);
            _bytes = _small;
            Capacity = SmallBytes;
        }

        _start = 0;
        _end = 0;
    }

    /// <summary>Counts what a receive brought.</summary>
    /// <param name="count">Bytes.</param>
    internal void Add(int count)
    {
        Check.That(count >= 0 && count <= Capacity - _end);
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

    private byte[] NewArray(int capacity) => capacity switch
    {
        SmallBytes => _small,
        <= BurstArrays.BytesMax => BurstArrays.Rent(capacity),
        _ => GC.AllocateUninitializedArray<byte>(capacity),
    };

    private void GiveBack(byte[] array, int capacity)
    {
        if (array != _small && capacity <= BurstArrays.BytesMax)
        {
            BurstArrays.Return(array);
        }
    }
}
