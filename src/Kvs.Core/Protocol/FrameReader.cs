using System.Buffers.Binary;
using System.Text;
using Kvs.Core.Primitives;

namespace Kvs.Core.Protocol;

/// <summary>
/// Reads the parts of a body in order. A read beyond the end gives zeros and sets <see cref="Failed"/>, for good, so that
/// a decoder reads straight through and asks once. Keys and values are slices: nothing is copied.
/// </summary>
/// <param name="body">The body.</param>
internal ref struct FrameReader(ReadOnlyMemory<byte> body)
{
    private readonly ReadOnlyMemory<byte> _body = body;
    private readonly ReadOnlySpan<byte> _bytes = body.Span;

    /// <summary>Whether a read went beyond the end, or the decoder found something wrong.</summary>
    internal bool Failed { get; private set; }

    /// <summary>Where the next read begins.</summary>
    internal int Position { get; private set; }

    /// <summary>Bytes not yet read.</summary>
    internal readonly int Remaining => _bytes.Length - Position;

    /// <summary>Whether all went well and nothing is left over.</summary>
    internal readonly bool IsComplete => !Failed && Position == _bytes.Length;

    /// <summary>Marks the body as wrong.</summary>
    internal void Fail() => Failed = true;

    /// <summary>Reads a byte.</summary>
    internal byte ReadByte() => TryTake(sizeof(byte), out var bytes) ? bytes[0] : (byte)0;

    /// <summary>Reads an unsigned 16-bit integer.</summary>
    internal ushort ReadUInt16() =>
        TryTake(sizeof(ushort), out var bytes) ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : (ushort)0;

    /// <summary>Reads an unsigned 32-bit integer.</summary>
    internal uint ReadUInt32() => TryTake(sizeof(uint), out var bytes) ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : 0;

    /// <summary>Reads an unsigned 64-bit integer.</summary>
    internal ulong ReadUInt64() => TryTake(sizeof(ulong), out var bytes) ? BinaryPrimitives.ReadUInt64LittleEndian(bytes) : 0;

    /// <summary>Reads a signed 64-bit integer.</summary>
    internal long ReadInt64() => (long)ReadUInt64();

    /// <summary>Reads a version: epoch, then sequence.</summary>
    internal KvsVersion ReadVersion()
    {
        var epoch = ReadUInt64();
        return new KvsVersion(epoch, ReadUInt64());
    }

    /// <summary>Reads bytes, as a slice.</summary>
    /// <param name="length">How many.</param>
    internal ReadOnlyMemory<byte> ReadBytes(uint length)
    {
        var start = Position;
        return length <= int.MaxValue && TryTake((int)length, out _) ? _body.Slice(start, (int)length) : default;
    }

    /// <summary>Reads a u32 length and that many bytes, as a slice.</summary>
    internal ReadOnlyMemory<byte> ReadBlock() => ReadBytes(ReadUInt32());

    /// <summary>Reads a block that may be left out.</summary>
    /// <param name="isThere">Whether it is there.</param>
    /// <returns>The block, or null. (Not a conditional expression: there, null would become empty memory.)</returns>
    internal ReadOnlyMemory<byte>? ReadOptionalBlock(bool isThere)
    {
        if (isThere)
        {
            return ReadBlock();
        }

        return null;
    }

    /// <summary>Reads a u16 length and that many bytes of UTF-8. Bytes that are no UTF-8 become U+FFFD.</summary>
    internal string ReadText() => Encoding.UTF8.GetString(ReadBytes(ReadUInt16()).Span);

    /// <summary>Reads a content type: u8 length and bytes, whatever they are.</summary>
    /// <returns>The text; not judged yet.</returns>
    internal string ReadContentType() => ContentTypes.TextOf(ReadBytes(ReadByte()).Span);

    private bool TryTake(int length, out ReadOnlySpan<byte> bytes)
    {
        if (Failed || length > Remaining)
        {
            Failed = true;
            bytes = default;
            return false;
        }

        bytes = _bytes.Slice(Position, length);
        Position += length;
        return true;
    }
}
