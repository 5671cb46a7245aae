using System.Buffers.Binary;
using Kvs.Bench.Workloads;

namespace Kvs.Bench.Load.Wires;

/// <summary>
/// A whole request, of which only the key, the head of the value and the id differ from one to the next. Threading: immutable.
/// </summary>
internal sealed record RequestTemplate
{
    /// <summary>What stands for "there is none".</summary>
    internal const int Nowhere = -1;

    /// <summary>The request.</summary>
    internal required byte[] Bytes { get; init; }

    /// <summary>Where the key goes.</summary>
    internal int KeyOffset { get; init; } = Nowhere;

    /// <summary>Where the value begins, whose head is the key.</summary>
    internal int ValueOffset { get; init; } = Nowhere;

    /// <summary>How much of the key its head is.</summary>
    internal int ValueKeyBytes { get; init; }

    /// <summary>Where the id goes, 4 bytes, little-endian.</summary>
    internal int IdOffset { get; init; } = Nowhere;

    /// <summary>Writes a request.</summary>
    /// <param name="target">Where to; longer than the request.</param>
    /// <param name="id">Its id.</param>
    /// <param name="index">Index of its key.</param>
    /// <param name="keys">How keys look.</param>
    /// <returns>Its length.</returns>
    internal int Write(Span<byte> target, uint id, long index, KeyWriter keys)
    {
        Bytes.CopyTo(target);
        if (IdOffset != Nowhere)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(target[IdOffset..], id);
        }

        if (KeyOffset != Nowhere)
        {
            var key = target.Slice(KeyOffset, BenchKeys.Bytes);
            keys(index, key);
            if (ValueOffset != Nowhere)
            {
                key[..ValueKeyBytes].CopyTo(target[ValueOffset..]);
            }
        }

        return Bytes.Length;
    }
}
