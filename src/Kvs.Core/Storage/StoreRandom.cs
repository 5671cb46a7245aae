using Kvs.Core.Primitives;

namespace Kvs.Core.Storage;

/// <summary>
/// The random numbers of a store: salts, store ids, epoch nonces. They keep copies and leftovers apart; none is a
/// secret. Threading: any thread.
/// </summary>
internal sealed class StoreRandom
{
    private readonly Lock _gate = new();
    private readonly Random _random; // guarded by _gate

    /// <summary>Draws from a source that is used nowhere else meanwhile.</summary>
    /// <param name="random">The source; seeded in tests.</param>
    internal StoreRandom(Random random) => _random = random;

    /// <summary>A salt; never 0, so that zeros are never valid.</summary>
    internal ulong NextSalt()
    {
        ulong salt;
        do
        {
            salt = (ulong)NextStoreId();
        }
        while (salt == 0);

        return salt;
    }

    /// <summary>The id of a new store.</summary>
    internal UInt128 NextStoreId()
    {
        Span<byte> bytes = stackalloc byte[16];
        lock (_gate)
        {
            _random.NextBytes(bytes);
        }

        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(bytes);
    }

    /// <summary>The epoch after another: the next reign with a new nonce.</summary>
    /// <param name="newest">Highest epoch known or promised.</param>
    internal ulong NextEpoch(ulong newest)
    {
        var reign = (newest >> 32) + 1;
        Check.That(reign <= uint.MaxValue);
        return (reign << 32) | (uint)NextStoreId();
    }
}
