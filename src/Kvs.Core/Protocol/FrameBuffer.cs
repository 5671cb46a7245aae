using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Kvs.Core.Primitives;

namespace Kvs.Core.Protocol;

/// <summary>
/// Frames that wait to be sent, one behind the other in one array that grows and is used again, so that a burst goes out
/// in one send and values are copied straight from the engine to where they leave from. Lengths, which stand before what
/// they measure, are filled in at the end.
/// Threading: one thread at a time. Ownership: of its array; <see cref="Written"/> is valid until the next change.
/// </summary>
internal sealed class FrameBuffer : IBufferWriter<byte>
{
    private const int InitialBytes = 4096;
    private byte[] _bytes = new byte[InitialBytes];

    /// <summary>Bytes written.</summary>
    internal int Length { get; private set; }

    /// <summary>What was written.</summary>
    internal ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    /// <inheritdoc/>
    public void Advance(int count)
    {
        Check.That(count >= 0 && count <= _bytes.Length - Length);
        Length += count;
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _bytes.AsMemory(Length);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _bytes.AsSpan(Length);
    }

    /// <summary>Empties it for the next burst.</summary>
    /// <param name="keepBytesMax">A larger array is given up, so that one big value does not stay for ever.</param>
    internal void Clear(int keepBytesMax = 1024 * 1024)
    {
        Length = 0;
        if (_bytes.Length > keepBytesMax)
        {
            _bytes = new byte[InitialBytes];
        }
    }

    /// <summary>Empties it, and gives up what it keeps for the next burst.</summary>
    /// <returns>Bytes that it gave up.</returns>
    internal long Rest()
    {
        var before = _bytes.Length;
        Clear(InitialBytes);
        return before - _bytes.Length;
    }

    /// <summary>Takes back what was written behind a position: a frame that could not be finished.</summary>
    /// <param name="length">The position.</param>
    internal void Truncate(int length)
    {
        Check.That(length >= 0 && length <= Length);
        Length = length;
    }

    /// <summary>Begins a frame.</summary>
    /// <param name="opcode">What it is.</param>
    /// <param name="requestId">The id that request and response share.</param>
    /// <returns>Where it begins, for <see cref="EndFrame"/>.</returns>
    internal int BeginFrame(Opcode opcode, uint requestId)
    {
        var start = Length;
        var header = Append(FrameLayout.HeaderBytes);
        header.Clear();
        header[FrameLayout.OpcodeOffset] = (byte)opcode;
        BinaryPrimitives.WriteUInt32LittleEndian(header[FrameLayout.RequestIdOffset..], requestId);
        return start;
    }

    /// <summary>Ends a frame: fills in its length, and adds flags to those that it has.</summary>
    /// <param name="start">Where it begins.</param>
    /// <param name="flags">Its further flags.</param>
    internal void EndFrame(int start, FrameFlags flags = FrameFlags.None)
    {
        var frame = _bytes.AsSpan(start, Length - start);
        Check.That(frame.Length >= FrameLayout.HeaderBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(frame, (uint)(frame.Length - FrameLayout.LengthBytes));
        frame[FrameLayout.FlagsOffset] |= (byte)flags;
    }

    /// <summary>Bytes that were written already, to fill in.</summary>
    /// <param name="start">Where they begin.</param>
    /// <param name="length">How many.</param>
    internal Span<byte> Patch(int start, int length)
    {
        Check.That(start >= 0 && length >= 0 && start <= Length - length);
        return _bytes.AsSpan(start, length);
    }

    /// <summary>Makes room and counts it as written; the caller fills all of it.</summary>
    /// <param name="length">How many bytes.</param>
    internal Span<byte> Append(int length)
    {
        Reserve(length);
        var span = _bytes.AsSpan(Length, length);
        Length += length;
        return span;
    }

    /// <summary>Writes a byte.</summary>
    /// <param name="value">The byte.</param>
    internal void WriteByte(byte value) => Append(sizeof(byte))[0] = value;

    /// <summary>Writes an unsigned 16-bit integer.</summary>
    /// <param name="value">The value.</param>
    internal void WriteUInt16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Append(sizeof(ushort)), value);

    /// <summary>Writes an unsigned 32-bit integer.</summary>
    /// <param name="value">The value.</param>
    internal void WriteUInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Append(sizeof(uint)), value);

    /// <summary>Writes an unsigned 64-bit integer.</summary>
    /// <param name="value">The value.</param>
    internal void WriteUInt64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Append(sizeof(ulong)), value);

    /// <summary>Writes a signed 64-bit integer.</summary>
    /// <param name="value">The value.</param>
    internal void WriteInt64(long value) => WriteUInt64((ulong)value);

    /// <summary>Writes a version: epoch, then sequence.</summary>
    /// <param name="version">The version.</param>
    internal void WriteVersion(KvsVersion version)
    {
        WriteUInt64(version.Epoch);
        WriteUInt64(version.Sequence);
    }

    /// <summary>Writes bytes as they are.</summary>
    /// <param name="bytes">The bytes.</param>
    internal void WriteBytes(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Append(bytes.Length));

    /// <summary>Writes a u32 length and the bytes.</summary>
    /// <param name="bytes">The bytes.</param>
    internal void WriteBlock(ReadOnlySpan<byte> bytes)
    {
        WriteUInt32((uint)bytes.Length);
        WriteBytes(bytes);
    }

    /// <summary>Writes a content type: u8 length and bytes.</summary>
    /// <param name="contentType">The content type.</param>
    internal void WriteContentType(string contentType) =>
        ContentTypes.WriteField(contentType, Append(ContentTypes.FieldBytes(contentType)));

    /// <summary>Writes a u16 length and the text as UTF-8, cut at a whole character when it is longer than allowed.</summary>
    /// <param name="text">The text.</param>
    /// <param name="bytesMax">Most bytes of text.</param>
    internal void WriteText(string text, int bytesMax = 1024)
    {
        var lengthAt = Length;
        WriteUInt16(0);
        var target = GetSpan(bytesMax)[..bytesMax];
        Encoding.UTF8.GetEncoder().Convert(text, target, flush: true, out _, out var length, out _);
        Length += length;
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(lengthAt), (ushort)length);
    }

    private void Reserve(int length)
    {
        var needed = (long)Length + length;
        if (needed > _bytes.Length)
        {
            Array.Resize(ref _bytes, (int)Math.Min(Math.Max(needed, 2L * _bytes.Length), Array.MaxLength));
        }

        Check.That(needed <= _bytes.Length);
    }
}
