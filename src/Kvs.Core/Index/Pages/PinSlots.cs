namespace Kvs.Core.Index.Pages;

/// <summary>
/// Where point reads announce the number of the root that they read: one number per slot, each slot on cache lines
/// of its own, 0 for an unused one.
/// </summary>
/// <remarks>
/// Threading: any thread. A slot is claimed and filled by one compare-and-swap, which is a full fence. A thread begins
/// at a slot derived from its id, so that threads meet only when there are many.
/// </remarks>
internal sealed class PinSlots
{
    private const int Stride = 128 / sizeof(ulong);
    private readonly ulong[] _numbers;
    private readonly int _mask;

    /// <summary>Creates free slots.</summary>
    /// <param name="count">A power of two.</param>
    internal PinSlots(int count)
    {
        // One stride in front keeps the first slot off the array's header.
        _numbers = new ulong[(count + 1) * Stride];
        _mask = count - 1;
    }

    /// <summary>Claims a slot.</summary>
    /// <param name="number">The root's number, not 0.</param>
    /// <returns>The slot, or -1 when all are taken.</returns>
    internal int TryClaim(ulong number)
    {
        var first = Environment.CurrentManagedThreadId;
        for (var i = 0; i <= _mask; i++)
        {
            var slot = (first + i) & _mask;
            if (Interlocked.CompareExchange(ref At(slot), number, 0) == 0)
            {
                return slot;
            }
        }

        return -1;
    }

    /// <summary>Gives a slot back. All reads of pages lie before it (release).</summary>
    internal void Release(int slot) => Volatile.Write(ref At(slot), 0);

    /// <summary>Adds the numbers that are announced now.</summary>
    internal void CollectTo(List<ulong> numbers)
    {
        for (var slot = 0; slot <= _mask; slot++)
        {
            var number = Volatile.Read(ref At(slot));
            if (number != 0)
            {
                numbers.Add(number);
            }
        }
    }

    /// <summary>Whether no slot is in use now.</summary>
    internal bool AreFree()
    {
        for (var slot = 0; slot <= _mask; slot++)
        {
            if (Volatile.Read(ref At(slot)) != 0)
            {
                return false;
            }
        }

        return true;
    }

    private ref ulong At(int slot) => ref _numbers[(slot + 1) * Stride];
}
