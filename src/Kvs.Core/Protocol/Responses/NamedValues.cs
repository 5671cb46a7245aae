using System.Globalization;
using Kvs.Core.Primitives;

namespace Kvs.Core.Protocol.Responses;

/// <summary>
/// A list of named values, so that figures can be added without a new protocol version: a reader skips the names that it
/// does not know.
/// <code>
/// u16 count, then for each: u16 length, name   u8 type   value
/// type 1: i64      type 2: u16 length, text      type 3: u64 epoch, u64 sequence
/// </code>
/// </summary>
internal static class NamedValues
{
    private const byte NumberType = 1;
    private const byte TextType = 2;
    private const byte VersionType = 3;

    /// <summary>Writes a number.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="name">The name.</param>
    /// <param name="value">The value.</param>
    /// <returns>1: how many were written.</returns>
    internal static int Write(FrameBuffer target, string name, long value)
    {
        target.WriteText(name);
        target.WriteByte(NumberType);
        target.WriteInt64(value);
        return 1;
    }

    /// <summary>Writes a text.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="name">The name.</param>
    /// <param name="value">The value.</param>
    /// <returns>1: how many were written.</returns>
    internal static int Write(FrameBuffer target, string name, string value)
    {
        target.WriteText(name);
        target.WriteByte(TextType);
        target.WriteText(value);
        return 1;
    }

    /// <summary>Writes a version.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="name">The name.</param>
    /// <param name="value">The value.</param>
    /// <returns>1: how many were written.</returns>
    internal static int Write(FrameBuffer target, string name, KvsVersion value)
    {
        target.WriteText(name);
        target.WriteByte(VersionType);
        target.WriteVersion(value);
        return 1;
    }

    /// <summary>Reads a list.</summary>
    /// <param name="body">The body behind the code.</param>
    /// <param name="values">The values by name.</param>
    /// <returns>False when it is malformed.</returns>
    internal static bool TryRead(ReadOnlyMemory<byte> body, out Dictionary<string, NamedValue> values)
    {
        var reader = new FrameReader(body);
        values = Read(ref reader);
        return reader.IsComplete;
    }

    /// <summary>Reads a list that may stand before something else.</summary>
    /// <param name="reader">Stands at the count; fails when the list is malformed.</param>
    /// <returns>The values by name.</returns>
    internal static Dictionary<string, NamedValue> Read(ref FrameReader reader)
    {
        var values = new Dictionary<string, NamedValue>(StringComparer.Ordinal);
        var count = reader.ReadUInt16();
        for (var i = 0; i < count && !reader.Failed; i++)
        {
            var name = reader.ReadText();
            switch (reader.ReadByte())
            {
                case NumberType:
                    values[name] = new NamedValue(reader.ReadInt64(), null, default);
                    break;
                case TextType:
                    values[name] = new NamedValue(0, reader.ReadText(), default);
                    break;
                case VersionType:
                    values[name] = new NamedValue(0, null, reader.ReadVersion());
                    break;
                default:
                    reader.Fail();
                    break;
            }
        }

        return values;
    }
}

/// <summary>One value of a list; the part of its type is set.</summary>
/// <param name="Number">A number.</param>
/// <param name="Text">A text, or null.</param>
/// <param name="Version">A version.</param>
internal readonly record struct NamedValue(long Number, string? Text, KvsVersion Version)
{
    /// <inheritdoc/>
    public override string ToString() => Text ?? (Version == default ? Number.ToString(CultureInfo.InvariantCulture) : Version.ToString());
}
