using System.Buffers.Binary;
using Kvs.Core.Primitives;

namespace Kvs.Core.Storage.Requests;

/// <summary>
/// A numbered request that was applied, and what is kept of its result. The results of most writes are so short that they
/// lie in the struct itself: nothing is allocated for them.
/// </summary>
internal readonly struct AppliedRequest
{
    private const int InlineBytesMax = 15;
    private const int WordBytes = sizeof(ulong);
    private const int LengthShift = 56; // the last byte of the second word is the length

    private readonly ulong _low;
    private readonly ulong _high;
    private readonly byte[]? _bytes;

    /// <summary>Notes a request.</summary>
    /// <param name="number">The client's number.</param>
    /// <param name="sequence">Sequence of its batch.</param>
    /// <param name="result">What is kept of its result; copied.</param>
    internal AppliedRequest(ulong number, ulong sequence, ReadOnlySpan<byte> result)
    {
        Number = number;
        Sequence = sequence;
        if (result.Length > InlineBytesMax)
        {
            _bytes = result.ToArray();
            return;
        }

        Span<byte> words = stackalloc byte[2 * WordBytes];
        words.Clear();
        result.CopyTo(words);
        _low = BinaryPrimitives.ReadUInt64LittleEndian(words);
        _high = BinaryPrimitives.ReadUInt64LittleEndian(words[WordBytes..]) | ((ulong)result.Length << LengthShift);
    }

    /// <summary>Bytes that <see cref="Result"/> may need to lay a short result out.</summary>
    internal static int ScratchBytes => 2 * WordBytes;

    /// <summary>The client's number of the request.</summary>
    internal ulong Number { get; }

    /// <summary>Sequence of its batch.</summary>
    internal ulong Sequence { get; }

    /// <summary>Bytes of memory that it holds beside the struct.</summary>
    internal int HeapBytes => _bytes is null ? 0 : ObjectBytes + _bytes.Length;

    /// <summary>Bytes of a small object before its content.</summary>
    private static int ObjectBytes => 24;

    /// <summary>What is kept of the result.</summary>
    /// <param name="scratch">At least <see cref="ScratchBytes"/> bytes; the result may lie in it.</param>
    internal ReadOnlySpan<byte> Result(Span<byte> scratch)
    {
        if (_bytes is not null)
        {
            return _bytes;
        }

        Check.That(scratch.Length >= ScratchBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(scratch, _low);
        BinaryPrimitives.WriteUInt64LittleEndian(scratch[WordBytes..], _high);
        return scratch[..(int)(_high >> LengthShift)];
    }
}
