using Kvs.Core.Primitives;

namespace Kvs.Core.Operations;

/// <summary>A range of keys: from <see cref="From"/> (inclusive) to <see cref="To"/> (exclusive), in unsigned byte order.</summary>
/// <param name="From">First key of the range; empty for the first of all.</param>
/// <param name="To">First key beyond the range; null for no end.</param>
public readonly record struct KeyRange(ReadOnlyMemory<byte> From, ReadOnlyMemory<byte>? To)
{
    /// <summary>All keys.</summary>
    public static KeyRange All => default;

    /// <summary>Whether no key can lie in it.</summary>
    public bool IsEmpty => To is { } to && From.Span.SequenceCompareTo(to.Span) >= 0;

    /// <summary>All keys that begin with a prefix.</summary>
    /// <param name="prefix">The prefix.</param>
    /// <returns>The range.</returns>
    public static KeyRange Prefix(KvsKey prefix)
    {
        var bytes = prefix.Bytes.Span;
        var length = bytes.Length;
        while (length > 0 && bytes[length - 1] == 0xFF)
        {
            length--;
        }

        if (length == 0)
        {
            return new KeyRange(prefix.Bytes, null);
        }

        var to = bytes[..length].ToArray();
        to[length - 1]++;
        return new KeyRange(prefix.Bytes, to);
    }

    /// <summary>One key.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The range.</returns>
    public static KeyRange Only(KvsKey key)
    {
        var to = new byte[key.Bytes.Length + 1];
        key.Bytes.Span.CopyTo(to);
        return new KeyRange(key.Bytes, to);
    }

    /// <summary>Whether a key lies in it.</summary>
    /// <param name="key">The key.</param>
    internal bool Contains(ReadOnlySpan<byte> key) =>
        key.SequenceCompareTo(From.Span) >= 0 && (To is not { } to || key.SequenceCompareTo(to.Span) < 0);

    /// <summary>The keys that lie in both ranges.</summary>
    /// <param name="other">The other range.</param>
    /// <returns>The common range.</returns>
    public KeyRange Intersect(KeyRange other)
    {
        var from = From.Span.SequenceCompareTo(other.From.Span) >= 0 ? From : other.From;
        var to = (To, other.To) switch
        {
            (null, var b) => b,
            (var a, null) => a,
            ({ } a, { } b) => a.Span.SequenceCompareTo(b.Span) <= 0 ? a : b,
        };
        return new KeyRange(from, to);
    }
}

/// <summary>What a scan covers and how much it gives.</summary>
public sealed record ScanOptions
{
    /// <summary>The keys that it covers; all by default.</summary>
    public KeyRange Range { get; init; }

    /// <summary>From the last key to the first.</summary>
    public bool Reverse { get; init; }

    /// <summary>Whether values are left out.</summary>
    public bool KeysOnly { get; init; }

    /// <summary>Most entries given; null for all.</summary>
    public long? Limit { get; init; }

    /// <summary>Most bytes of keys and values given (at least one entry is given); null for no limit.</summary>
    public long? LimitBytes { get; init; }

    /// <summary>Where an earlier page ended: its <see cref="ScanPage.Cursor"/>. The scan goes on behind that key.</summary>
    public ReadOnlyMemory<byte>? Cursor { get; init; }
}

/// <summary>A part of a scan.</summary>
/// <param name="Entries">The entries, in the order of the scan.</param>
/// <param name="Cursor">Where to go on, or null when the range is exhausted. It stays valid across restarts.</param>
/// <param name="Version">The version of the snapshot that was read.</param>
public sealed record ScanPage(IReadOnlyList<KvsEntry> Entries, ReadOnlyMemory<byte>? Cursor, KvsVersion Version);
