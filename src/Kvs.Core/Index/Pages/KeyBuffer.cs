namespace Kvs.Core.Index.Pages;

/// <summary>A key put together from its parts, in memory that is used again. Threading: one thread.</summary>
internal sealed class KeyBuffer
{
    private byte[] _bytes = new byte[64];
    private int _length;

    /// <summary>The key. Valid until the next change.</summary>
    internal ReadOnlySpan<byte> Key => _bytes.AsSpan(0, _length);

    /// <summary>Sets the length and keeps the bytes that stand before it.</summary>
    /// <returns>All bytes, to be written.</returns>
    internal Span<byte> Resize(int length)
    {
        if (length > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(length, _bytes.Length * 2));
        }

        _length = length;
        return _bytes.AsSpan(0, length);
    }

    /// <summary>Copies a key.</summary>
    internal void Set(ReadOnlySpan<byte> key) => key.CopyTo(Resize(key.Length));

    /// <summary>Puts the key of a record together.</summary>
    internal void Set(Page page, Record record, PageArena arena)
    {
        var prefix = page.Prefix;
        var suffix = record.Suffix;
        var inline = prefix.Length + suffix.Length;
        var target = Resize(inline + record.TailBytes);
        prefix.CopyTo(target);
        suffix.CopyTo(target[prefix.Length..]);
        if (record.HasTail)
        {
            KeyChain.CopyTo(arena, record.Chain, target[inline..]);
        }
    }

    /// <summary>Shortens the key to what still separates it from the one before it.</summary>
    internal void TruncateToSeparator(ReadOnlySpan<byte> previous) =>
        _length = previous.CommonPrefixLength(Key) + 1;
}
