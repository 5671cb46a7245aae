using Kvs.Core.Primitives;

namespace Kvs.Core.Storage.Requests;

/// <summary>
/// The requests of one client that may be repeated, by number, in a ring that is sorted: numbers come almost in order, and
/// go from the low end. Threading: as its <see cref="RequestTable"/>.
/// </summary>
/// <param name="id">The client.</param>
internal sealed class ClientRequests(ulong id)
{
    /// <summary>Bytes of the object and of its place in the table, about.</summary>
    private const int OwnBytes = 192;

    private const int EntryBytes = 40;
    private const int RingMin = 4;

    /// <summary>A ring shrinks when so many times in a row much less was open: bursts must not make it anew each time.</summary>
    private const int ShrinkAfter = 64;

    private AppliedRequest[] _ring = [];
    private int _first;
    private int _peak; // most requests since the ring was last looked at
    private int _drained; // how often requests have gone since then
    private long _heapBytes;

    /// <summary>The client.</summary>
    internal ulong Id => id;

    /// <summary>
    /// Nothing is kept of requests up to this number, and none of them is ever executed: they are answered, or given up.
    /// </summary>
    internal ulong DoneThrough { get; private set; }

    /// <summary>How many requests are kept.</summary>
    internal int Count { get; private set; }

    /// <summary>Bytes of memory, about.</summary>
    internal long Bytes => OwnBytes + (_ring.Length * EntryBytes) + _heapBytes;

    /// <summary>When a request of the client was last noted or answered: a timestamp.</summary>
    internal long UsedAt { get; set; }

    /// <summary>The next one in the order of use.</summary>
    internal ClientRequests? Newer { get; set; }

    /// <summary>The one before it in the order of use.</summary>
    internal ClientRequests? Older { get; set; }

    /// <summary>A request by its place in the order of numbers.</summary>
    /// <param name="index">From 0.</param>
    internal ref readonly AppliedRequest this[int index] => ref _ring[(_first + index) & (_ring.Length - 1)];

    /// <summary>Finds a request.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="request">The request.</param>
    internal bool TryFind(ulong number, out AppliedRequest request)
    {
        var place = PlaceOf(number);
        var isThere = place < Count && this[place].Number == number;
        request = isThere ? this[place] : default;
        return isThere;
    }

    /// <summary>Notes a request; one with the same number is replaced.</summary>
    /// <param name="request">Its number is beyond <see cref="DoneThrough"/>.</param>
    internal void Add(in AppliedRequest request)
    {
        Check.That(request.Number > DoneThrough);
        var place = PlaceOf(request.Number);
        if (place < Count && this[place].Number == request.Number)
        {
            _heapBytes -= this[place].HeapBytes;
        }
        else
        {
            MakeRoomAt(place);
        }

        SlotOf(place) = request;
        _heapBytes += request.HeapBytes;
    }

    /// <summary>Removes a request, as if it had never been noted.</summary>
    /// <param name="number">Its number.</param>
    internal void Remove(ulong number)
    {
        var place = PlaceOf(number);
        if (place == Count || this[place].Number != number)
        {
            return;
        }

        _heapBytes -= this[place].HeapBytes;
        for (; place < Count - 1; place++)
        {
            SlotOf(place) = this[place + 1];
        }

        SlotOf(place) = default;
        Count--;
    }

    /// <summary>Forgets all requests up to a number, for good.</summary>
    /// <param name="number">The number.</param>
    internal void ForgetThrough(ulong number)
    {
        DoneThrough = Math.Max(DoneThrough, number);
        if (Count == 0 || this[0].Number > DoneThrough)
        {
            return;
        }

        _peak = Math.Max(_peak, Count);
        while (Count > 0 && this[0].Number <= DoneThrough)
        {
            _heapBytes -= this[0].HeapBytes;
            SlotOf(0) = default;
            _first = (_first + 1) & (_ring.Length - 1);
            Count--;
        }

        if (++_drained >= ShrinkAfter)
        {
            ShrinkTo(_peak);
            (_peak, _drained) = (Count, 0);
        }
    }

    private ref AppliedRequest SlotOf(int index) => ref _ring[(_first + index) & (_ring.Length - 1)];

    /// <summary>Where a number stands, or would.</summary>
    private int PlaceOf(ulong number)
    {
        if (Count == 0 || this[Count - 1].Number < number)
        {
            return Count;
        }

        var (low, high) = (0, Count - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = this[middle].Number < number ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private void MakeRoomAt(int place)
    {
        if (Count == _ring.Length)
        {
            Resize(Math.Max(RingMin, _ring.Length * 2));
        }

        for (var index = Count; index > place; index--)
        {
            SlotOf(index) = this[index - 1];
        }

        Count++;
    }

    private void ShrinkTo(int count)
    {
        var length = _ring.Length;
        while (length > RingMin * 4 && count <= length / 8)
        {
            length /= 4;
        }

        if (length < _ring.Length)
        {
            Resize(length);
        }
    }

    private void Resize(int length)
    {
        Check.That(length >= Count);
        var ring = new AppliedRequest[length];
        for (var index = 0; index < Count; index++)
        {
            ring[index] = this[index];
        }

        (_ring, _first) = (ring, 0);
    }
}
