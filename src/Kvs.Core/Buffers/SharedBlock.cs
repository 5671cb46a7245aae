using System.Buffers;
using Kvs.Core.Primitives;

namespace Kvs.Core.Buffers;

/// <summary>
/// Bytes that one writes and several read, each for as long as it needs: a receiver parses in it, and what it hands out
/// goes on pointing into it. The array goes back to its pool when the last holder has let go.
/// Threading: any thread; who holds it may hold it once more for somebody else. Ownership: each holder's, who releases it
/// exactly once, and touches the bytes no more after that.
/// </summary>
internal sealed class SharedBlock
{
    /// <summary>Larger arrays are left to the garbage collector: few are needed, and a pool would keep them.</summary>
    private const int PooledBytesMax = 16 * 1024 * 1024;

    private readonly byte[] _bytes;
    private readonly int _length;
    private int _holders = 1; // Interlocked

    private SharedBlock(int length)
    {
        _length = length;
        _bytes = length <= PooledBytesMax
            ? ArrayPool<byte>.Shared.Rent(length)
            : GC.AllocateUninitializedArray<byte>(length);
    }

    /// <summary>Bytes of the block.</summary>
    internal int Length => _length;

    /// <summary>The bytes; at first, whatever was in them before.</summary>
    internal Memory<byte> Memory => _bytes.AsMemory(0, _length);

    /// <summary>Whether one holder is left: for that holder, it stays so until it holds it for somebody else.</summary>
    internal bool IsHeldOnce => Volatile.Read(ref _holders) == 1;

    /// <summary>Rents a block.</summary>
    /// <param name="length">Its bytes.</param>
    /// <returns>The block, held by the caller.</returns>
    internal static SharedBlock Rent(int length) => new(length);

    /// <summary>Holds it once more, for another holder.</summary>
    internal void Hold() => Check.That(Interlocked.Increment(ref _holders) > 1);

    /// <summary>Lets go.</summary>
    internal void Release()
    {
        var left = Interlocked.Decrement(ref _holders);
        Check.That(left >= 0);
        if (left == 0 && _length <= PooledBytesMax)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
        }
    }
}
