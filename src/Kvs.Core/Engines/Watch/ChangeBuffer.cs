using System.Buffers;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Engines.Watch;

/// <summary>
/// Changes that were read from a feed, copied out of the log, for a door to put into its own form. Used again and again.
/// Threading: one thread at a time. Ownership: what it gives out is valid until it is cleared.
/// </summary>
internal sealed class ChangeBuffer
{
    /// <summary>A value of rare size must not hold its memory for ever.</summary>
    private const int BytesKept = 64 * 1024;

    /// <summary>What a change takes beside its key and value.</summary>
    private const int ChangeBytes = 48;

    private readonly List<Slot> _changes = [];
    private ArrayBufferWriter<byte> _bytes = new();
    private int _contentTypeBytes;

    /// <summary>Number of changes.</summary>
    internal int Count => _changes.Count;

    /// <summary>Bytes that they take: keys, values, and what stands beside them.</summary>
    internal int Bytes => _bytes.WrittenCount + _contentTypeBytes + (_changes.Count * ChangeBytes);

    /// <summary>Longest change that it takes now, key and value: for readers that must have room before they read.</summary>
    internal int LargestMax { get; set; } = int.MaxValue;

    /// <summary>Bytes of the change that was longer than that, and has yet to be read; 0 when there was none.</summary>
    internal int LargeBytes { get; private set; }

    /// <summary>One of them.</summary>
    /// <param name="index">Which one, in the order of the log.</param>
    internal ChangeView this[int index]
    {
        get
        {
            var slot = _changes[index];
            var bytes = _bytes.WrittenMemory.Slice(slot.Offset, slot.KeyLength + slot.ValueLength);
            return new ChangeView(
                slot.Kind, bytes[..slot.KeyLength], bytes[slot.KeyLength..], slot.ContentType, slot.ExpiresAtMillis, slot.Position);
        }
    }

    /// <summary>Adds a change.</summary>
    /// <returns>False when it is too long: it is not added.</returns>
    internal bool TryAdd(
        ChangeKind kind, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, string? contentType, long expiresAtMillis,
        in WatchPosition position)
    {
        if (key.Length + value.Length > LargestMax)
        {
            LargeBytes = key.Length + value.Length;
            return false;
        }

        _changes.Add(new Slot(kind, _bytes.WrittenCount, key.Length, value.Length, contentType, expiresAtMillis, position));
        _contentTypeBytes += ContentTypes.FieldBytes(contentType);
        _bytes.Write(key);
        _bytes.Write(value);
        return true;
    }

    /// <summary>Forgets all of them.</summary>
    internal void Clear()
    {
        _changes.Clear();
        _contentTypeBytes = 0;
        LargeBytes = 0;
        if (_bytes.Capacity > BytesKept)
        {
            _bytes = new ArrayBufferWriter<byte>();
        }
        else
        {
            _bytes.ResetWrittenCount();
        }
    }

    /// <summary>Forgets all of them and gives the memory back: nothing may come for long.</summary>
    internal void Release()
    {
        Clear();
        _changes.Capacity = 0;
        _bytes = new ArrayBufferWriter<byte>();
    }

    private readonly record struct Slot(
        ChangeKind Kind, int Offset, int KeyLength, int ValueLength, string? ContentType, long ExpiresAtMillis, WatchPosition Position);
}

/// <summary>One change; see <see cref="KvsChange"/>. Ownership: a view into its buffer.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Key">The key.</param>
/// <param name="Value">Its new value; empty when it has none, or when only keys were asked for.</param>
/// <param name="ContentType">What the value is, as it was set; null for nothing.</param>
/// <param name="ExpiresAtMillis">When it expires, unix milliseconds; 0 when it does not, or is gone.</param>
/// <param name="Position">The place behind the change.</param>
internal readonly record struct ChangeView(
    ChangeKind Kind, ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value, string? ContentType, long ExpiresAtMillis,
    WatchPosition Position)
{
    /// <summary>The change with bytes of its own.</summary>
    internal KvsChange ToChange() => new()
    {
        Kind = Kind,
        Key = new KvsKey(Key.ToArray()),
        Value = new KvsValue(Value.ToArray()),
        ContentType = ContentType,
        ExpiresAt = ExpiresAtMillis == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(ExpiresAtMillis),
        Position = Position,
    };
}
