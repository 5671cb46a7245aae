using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Kvs.Core.Primitives;

namespace Kvs.Core.Storage;

/// <summary>Reads fields one behind the other, little-endian; the length has been checked before.</summary>
internal ref struct FieldReader(ReadOnlySpan<byte> source)
{
    private ReadOnlySpan<byte> _rest = source;

    internal ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Next(sizeof(ushort)));

    internal uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Next(sizeof(uint)));

    internal ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Next(sizeof(ulong)));

    internal UInt128 UInt128() => BinaryPrimitives.ReadUInt128LittleEndian(Next(16));

    internal KvsVersion Version() => new(UInt64(), UInt64());

    internal string Text(int bytes) => Encoding.ASCII.GetString(Next(bytes).TrimEnd((byte)0));

    [UnscopedRef]
    internal ref FieldReader Skip(int bytes)
    {
        Next(bytes);
        return ref this;
    }

    private ReadOnlySpan<byte> Next(int bytes)
    {
        var next = _rest[..bytes];
        _rest = _rest[bytes..];
        return next;
    }
}
