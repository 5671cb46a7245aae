using System.Text;

namespace Kvs.Core.Operations;

/// <summary>
/// A value: 0 to 64 MiB of any bytes. Text converts by itself, as UTF-8.
/// Ownership: the bytes are the caller's and must not change until the call they are given to has returned its task.
/// </summary>
/// <param name="Bytes">The bytes.</param>
public readonly record struct KvsValue(ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Text as UTF-8.</summary>
    /// <param name="text">The text.</param>
    public static implicit operator KvsValue(string text) => FromString(text);

    /// <summary>Bytes as they are.</summary>
    /// <param name="bytes">The bytes.</param>
    public static implicit operator KvsValue(byte[] bytes) => new(bytes);

    /// <summary>Bytes as they are.</summary>
    /// <param name="bytes">The bytes.</param>
    public static implicit operator KvsValue(ReadOnlyMemory<byte> bytes) => new(bytes);

    /// <summary>Text as UTF-8.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The value.</returns>
    public static KvsValue FromString(string text) => new(Encoding.UTF8.GetBytes(text));

    /// <summary>Whether both values hold the same bytes.</summary>
    /// <param name="other">The other value.</param>
    /// <returns>True for the same bytes.</returns>
    public bool Equals(KvsValue other) => Bytes.Span.SequenceEqual(other.Bytes.Span);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(Bytes.Span);
        return hash.ToHashCode();
    }

    /// <summary>The value as text; bytes that are no UTF-8 become U+FFFD.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => Encoding.UTF8.GetString(Bytes.Span);
}
