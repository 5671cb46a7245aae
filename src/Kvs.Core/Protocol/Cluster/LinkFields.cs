using System.Collections.Immutable;
using System.Text;
using System.Text.Unicode;
using Kvs.Core.Primitives;

namespace Kvs.Core.Protocol.Cluster;

/// <summary>The kinds of fields that only messages between nodes have. A field that is not valid makes the reader fail.</summary>
internal static class LinkFields
{
    private const int NamesMax = byte.MaxValue;

    /// <summary>Writes 128 bits, low half first.</summary>
    internal static void WriteUInt128(FrameBuffer target, UInt128 value)
    {
        target.WriteUInt64((ulong)value);
        target.WriteUInt64((ulong)(value >> 64));
    }

    /// <summary>Reads 128 bits.</summary>
    internal static UInt128 ReadUInt128(ref FrameReader reader)
    {
        var low = reader.ReadUInt64();
        return new UInt128(reader.ReadUInt64(), low);
    }

    /// <summary>Writes a byte that is 0 or 1.</summary>
    internal static void WriteFlag(FrameBuffer target, bool value) => target.WriteByte(value ? (byte)1 : (byte)0);

    /// <summary>Reads a byte that is 0 or 1.</summary>
    internal static bool ReadFlag(ref FrameReader reader) => ReadNumber(ref reader, 1) != 0;

    /// <summary>Reads a byte that has a greatest value.</summary>
    internal static byte ReadNumber(ref FrameReader reader, byte max)
    {
        var value = reader.ReadByte();
        if (value > max)
        {
            reader.Fail();
        }

        return value;
    }

    /// <summary>Writes a name: never cut, since a cut one would name somebody else.</summary>
    internal static void WriteName(FrameBuffer target, string name)
    {
        Check.That(Encoding.UTF8.GetByteCount(name) <= LinkLayout.NameBytesMax);
        target.WriteText(name, LinkLayout.NameBytesMax);
    }

    /// <summary>Reads a name.</summary>
    internal static string ReadName(ref FrameReader reader) => ReadText(ref reader, LinkLayout.NameBytesMax);

    /// <summary>Reads a text for people.</summary>
    internal static string ReadText(ref FrameReader reader) => ReadText(ref reader, LinkLayout.TextBytesMax);

    /// <summary>Writes names: u8 count, then each.</summary>
    internal static void WriteNames(FrameBuffer target, ImmutableArray<string> names)
    {
        Check.That(names.Length <= NamesMax);
        target.WriteByte((byte)names.Length);
        foreach (var name in names)
        {
            WriteName(target, name);
        }
    }

    /// <summary>Reads names.</summary>
    internal static ImmutableArray<string> ReadNames(ref FrameReader reader)
    {
        var count = reader.ReadByte();
        var names = ImmutableArray.CreateBuilder<string>(count);
        for (var i = 0; i < count && !reader.Failed; i++)
        {
            names.Add(ReadName(ref reader));
        }

        return names.ToImmutable();
    }

    /// <summary>Bytes that are no UTF-8 are refused: two names must not become one.</summary>
    private static string ReadText(ref FrameReader reader, int bytesMax)
    {
        var bytes = reader.ReadBytes(reader.ReadUInt16()).Span;
        if (bytes.Length <= bytesMax && Utf8.IsValid(bytes))
        {
            return Encoding.UTF8.GetString(bytes);
        }

        reader.Fail();
        return "";
    }
}
