using System.Buffers.Binary;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Protocol.Responses;

/// <summary>
/// What one operation found or did:
/// <code>
/// u8 flags: bit 0 the key was there, bits 1 to 7 which parts follow
/// [u64 epoch, u64 sequence]  bit 1: version of the key
/// [i64 unix milliseconds]    bit 2: its expiry; 0 for none
/// [i64 number]               bit 3: new value of an increment; new length after an append or set-range; 1 for an expiry
///                            that was changed; of a stat, the milliseconds that the key has to live
/// [u32 length, value]        bit 4: the value (read, previous, or new by a float increment)
/// [u32 length]               bit 5: length of the value, without its bytes
/// [u16 code]                 bit 6: why an optional operation changed nothing
/// [u8 length, bytes]         bit 7: content type of the value (read)
/// </code>
/// A part that is left out is 0 or not there.
/// </summary>
internal static class ResultCodec
{
    private const byte ExistedBit = 0x01;
    private const byte VersionBit = 0x02;
    private const byte ExpiryBit = 0x04;
    private const byte NumberBit = 0x08;
    private const byte ValueBit = 0x10;
    private const byte LengthBit = 0x20;
    private const byte CodeBit = 0x40;
    private const byte ContentTypeBit = 0x80;
    private const byte FoundBits = ExistedBit | VersionBit | ExpiryBit | ValueBit;
    private const int VersionOffset = 1;
    private const int ExpiryOffset = 17;
    private const int LengthOffset = 25;

    /// <summary>Most bytes of the result of a read beside its value.</summary>
    internal const int FoundBytesMax = FoundBytes + ContentTypes.FieldBytesMax;

    private const int FoundBytes = 29;

    /// <summary>Writes a result.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="result">The result.</param>
    /// <param name="resultBytes">What its value lies in.</param>
    internal static void Write(FrameBuffer target, in OperationResult result, ReadOnlySpan<byte> resultBytes)
    {
        var hasLength = !result.HasValue && result.ValueLength != 0;
        target.WriteByte((byte)((result.Existed ? ExistedBit : 0)
            | (result.Version == KvsVersion.None ? 0 : VersionBit)
            | (result.ExpiresAtMillis == 0 ? 0 : ExpiryBit)
            | (result.Number == 0 ? 0 : NumberBit)
            | (result.HasValue ? ValueBit : 0)
            | (hasLength ? LengthBit : 0)
            | (result.Code == ErrorCode.None ? 0 : CodeBit)
            | (result.ContentType is null ? 0 : ContentTypeBit)));
        if (result.Version != KvsVersion.None)
        {
            target.WriteVersion(result.Version);
        }

        if (result.ExpiresAtMillis != 0)
        {
            target.WriteInt64(result.ExpiresAtMillis);
        }

        if (result.Number != 0)
        {
            target.WriteInt64(result.Number);
        }

        if (result.HasValue)
        {
            target.WriteBlock(resultBytes.Slice(result.ValueOffset, result.ValueLength));
        }
        else if (hasLength)
        {
            target.WriteUInt32((uint)result.ValueLength);
        }

        if (result.Code != ErrorCode.None)
        {
            target.WriteUInt16((ushort)result.Code);
        }

        if (result.ContentType is { } contentType)
        {
            target.WriteContentType(contentType);
        }
    }

    /// <summary>Reads a result. Its value offset counts from the beginning of the reader's body.</summary>
    /// <param name="reader">Stands at the result.</param>
    /// <returns>The result; meaningless when the reader failed.</returns>
    internal static OperationResult Read(ref FrameReader reader)
    {
        var flags = reader.ReadByte();
        if ((flags & (ValueBit | LengthBit)) == (ValueBit | LengthBit))
        {
            reader.Fail();
        }

        var version = (flags & VersionBit) != 0 ? reader.ReadVersion() : default;
        var expiresAtMillis = (flags & ExpiryBit) != 0 ? reader.ReadInt64() : 0;
        var number = (flags & NumberBit) != 0 ? reader.ReadInt64() : 0;
        var length = (flags & (ValueBit | LengthBit)) != 0 ? reader.ReadUInt32() : 0;
        var valueOffset = reader.Position;
        if ((flags & ValueBit) != 0)
        {
            _ = reader.ReadBytes(length);
        }

        var code = (flags & CodeBit) != 0 ? (ErrorCode)reader.ReadUInt16() : ErrorCode.None;
        var contentType = (flags & ContentTypeBit) != 0 ? reader.ReadContentType() : null;
        if (length > int.MaxValue)
        {
            reader.Fail();
        }

        return new OperationResult
        {
            Existed = (flags & ExistedBit) != 0,
            Version = version,
            ExpiresAtMillis = expiresAtMillis,
            Number = number,
            HasValue = (flags & ValueBit) != 0,
            ValueOffset = valueOffset,
            ValueLength = (int)length,
            Code = code,
            ContentType = contentType,
        };
    }

    /// <summary>
    /// Begins the result of a read whose value is then appended to the buffer, straight from the engine, before anything
    /// else about the key is known.
    /// </summary>
    /// <param name="target">The buffer.</param>
    /// <returns>Where it begins, for <see cref="EndFound"/>.</returns>
    internal static int BeginFound(FrameBuffer target)
    {
        var start = target.Length;
        _ = target.Append(FoundBytes);
        return start;
    }

    /// <summary>Ends the result of a read. When nothing was found, whatever was appended is taken back.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="start">Where it begins.</param>
    /// <param name="found">Whether the key is there.</param>
    /// <param name="version">Its version.</param>
    /// <param name="expiresAtMillis">Its expiry; 0 for none.</param>
    /// <param name="contentType">Content type of its value; null for none.</param>
    internal static void EndFound(
        FrameBuffer target, int start, bool found, KvsVersion version, long expiresAtMillis, string? contentType = null)
    {
        if (!found)
        {
            target.Truncate(start);
            target.WriteByte(0);
            return;
        }

        var length = target.Length - start - FoundBytes;
        var bytes = target.Patch(start, FoundBytes);
        bytes[0] = (byte)(FoundBits | (contentType is null ? 0 : ContentTypeBit));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[VersionOffset..], version.Epoch);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[(VersionOffset + sizeof(ulong))..], version.Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[ExpiryOffset..], expiresAtMillis);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[LengthOffset..], length);
        if (contentType is not null)
        {
            target.WriteContentType(contentType);
        }
    }
}
