using System.Buffers.Binary;
using System.Collections.Immutable;

namespace Kvs.Core.Primitives;

/// <summary>
/// What two members of a group compare to see that they have applied the same: of each key its newest sequence and its
/// expiry, hashed into parts by key (docs/protocol.md, "Links between nodes"). It says nothing of values: their bytes are
/// guarded by the checksums of their records, and compared by <c>cluster verify</c>.
/// Threading: filled by one thread, afterwards never changed.
/// </summary>
internal sealed class StateDigest
{
    private readonly ulong[] _parts;

    /// <summary>Of no key.</summary>
    /// <param name="parts">How many parts it shall have.</param>
    internal StateDigest(int parts)
    {
        Check.That(parts > 0);
        _parts = new ulong[parts];
    }

    /// <summary>As another node has made it.</summary>
    /// <param name="keys">How many keys.</param>
    /// <param name="parts">The parts.</param>
    internal StateDigest(ulong keys, ImmutableArray<ulong> parts)
    {
        Keys = keys;
        _parts = [.. parts];
    }

    /// <summary>How many keys it has, those included that have expired and are not removed yet.</summary>
    internal ulong Keys { get; private set; }

    /// <summary>The sum of the hashes of each part, modulo 2^64.</summary>
    internal ImmutableArray<ulong> Parts => [.. _parts];

    /// <summary>Adds a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="sequence">Sequence of the batch that wrote it.</param>
    /// <param name="expiresAtMillis">Its expiry, unix milliseconds; 0 for none.</param>
    internal void Add(ReadOnlySpan<byte> key, ulong sequence, long expiresAtMillis)
    {
        Span<byte> numbers = stackalloc byte[2 * sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(numbers, sequence);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[sizeof(ulong)..], expiresAtMillis);
        var hash = Fnv1A.Fold(Fnv1A.Basis, key);

        // By the key alone: a key that is written anew stays in its part.
        ref var part = ref _parts[hash % (ulong)_parts.Length];
        part = unchecked(part + Fnv1A.Fold(hash, numbers));
        Keys++;
    }

    /// <summary>How many parts differ from another node's.</summary>
    /// <param name="other">The other one, with as many parts.</param>
    internal int DifferingParts(StateDigest other)
    {
        var differing = 0;
        for (var part = 0; part < _parts.Length; part++)
        {
            differing += _parts[part] == other._parts[part] ? 0 : 1;
        }

        return differing;
    }

    /// <summary>Whether both are of the same keys, as far as a hash can tell.</summary>
    /// <param name="other">The other one.</param>
    internal bool IsSame(StateDigest other) => Keys == other.Keys && _parts.AsSpan().SequenceEqual(other._parts);
}
