using System.Buffers.Binary;
using System.Text;
using Kvs.Core.Primitives;

namespace Kvs.Core.Storage;

/// <summary>Writes fields one behind the other, little-endian.</summary>
internal ref struct FieldWriter(Span<byte> target)
{
    private readonly Span<byte> _target = target;

    internal int Position { get; private set; }

    internal void UInt16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Next(sizeof(ushort)), value);

    internal void UInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Next(sizeof(uint)), value);

    internal void UInt64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Next(sizeof(ulong)), value);

    internal void UInt128(UInt128 value) => BinaryPrimitives.WriteUInt128LittleEndian(Next(16), value);

    internal void Version(KvsVersion value)
    {
        UInt64(value.Epoch);
        UInt64(value.Sequence);
    }

    internal void Text(string value, int bytes)
    {
        Check.That(value.Length <= bytes && Ascii.IsValid(value));
        Encoding.ASCII.GetBytes(value, Next(bytes));
    }

    internal void Bytes(ReadOnlySpan<byte> value) => value.CopyTo(Next(value.Length));

    private Span<byte> Next(int bytes)
    {
        Position += bytes;
        return _target.Slice(Position - bytes, bytes);
    }
}
