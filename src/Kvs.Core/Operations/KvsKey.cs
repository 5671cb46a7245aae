using System.Text;

namespace Kvs.Core.Operations;

/// <summary>
/// A key: 0 to 128 KiB of any bytes, ordered as unsigned bytes. Text converts by itself, as UTF-8.
/// Ownership: the bytes are the caller's and must not change until the call they are given to has returned its task.
/// </summary>
/// <param name="Bytes">The bytes.</param>
public readonly record struct KvsKey(ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Text as UTF-8.</summary>
    /// <param name="text">The text.</param>
    public static implicit operator KvsKey(string text) => FromString(text);

    /// <summary>Bytes as they are.</summary>
    /// <param name="bytes">The bytes.</param>
    public static implicit operator KvsKey(byte[] bytes) => new(bytes);

    /// <summary>Bytes as they are.</summary>
    /// <param name="bytes">The bytes.</param>
    public static implicit operator KvsKey(ReadOnlyMemory<byte> bytes) => new(bytes);

    /// <summary>Text as UTF-8.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The key.</returns>
    public static KvsKey FromString(string text) => new(Encoding.UTF8.GetBytes(text));

    /// <summary>Whether both keys hold the same bytes.</summary>
    /// <param name="other">The other key.</param>
    /// <returns>True for the same bytes.</returns>
    public bool Equals(KvsKey other) => Bytes.Span.SequenceEqual(other.Bytes.Span);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(Bytes.Span);
        return hash.ToHashCode();
    }

    /// <summary>The key as text; bytes that are no UTF-8 become U+FFFD.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => Encoding.UTF8.GetString(Bytes.Span);
}
