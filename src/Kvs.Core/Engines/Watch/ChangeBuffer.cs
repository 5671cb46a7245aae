using System.Buffers;
using Kvs.Core.Operations;

namespace Kvs.Core.Engines.Watch;

/// <summary>
/// Changes that were read from a feed, copied out of the log, for a door to put into its own form. Used again and again.
/// Threading: one thread at a time. Ownership: what it gives out is valid until it is cleared.
/// </summary>
internal sealed class ChangeBuffer
{
    /// <summary>A value of rare size must not hold its memory for ever.</summary>
    private const int BytesKept = 256 * 1024;

    private readonly List<Slot> _changes = [];
    private ArrayBufferWriter<byte> _bytes = new();

    /// <summary>Number of changes.</summary>
    internal int Count => _changes.Count;

    /// <summary>Bytes of their keys and values.</summary>
    internal int Bytes => _bytes.WrittenCount;

    /// <summary>One of them.</summary>
    /// <param name="index">Which one, in the order of the log.</param>
    internal ChangeView this[int index]
    {
        get
        {
            var slot = _changes[index];
            var bytes = _bytes.WrittenMemory.Slice(slot.Offset, slot.KeyLength + slot.ValueLength);
            return new ChangeView(
                slot.Kind, bytes[..slot.KeyLength], bytes[slot.KeyLength..], slot.ExpiresAtMillis, slot.Position);
        }
    }

    /// <summary>Adds a change.</summary>
    internal void Add(
        ChangeKind kind, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long expiresAtMillis, in WatchPosition position)
    {
        _changes.Add(new Slot(kind, _bytes.WrittenCount, key.Length, value.Length, expiresAtMillis, position));
        _bytes.Write(key);
        _bytes.Write(value);
    }

    /// <summary>Forgets all of them.</summary>
    internal void Clear()
    {
        _changes.Clear();
        if (_bytes.Capacity > BytesKept)
        {
            _bytes = new ArrayBufferWriter<byte>();
        }
        else
        {
            _bytes.ResetWrittenCount();
        }
    }

    private readonly record struct Slot(
        ChangeKind Kind, int Offset, int KeyLength, int ValueLength, long ExpiresAtMillis, WatchPosition Position);
}

/// <summary>One change; see <see cref="KvsChange"/>. Ownership: a view into its buffer.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Key">The key.</param>
/// <param name="Value">Its new value; empty when it has none, or when only keys were asked for.</param>
/// <param name="ExpiresAtMillis">When it expires, unix milliseconds; 0 when it does not, or is gone.</param>
/// <param name="Position">The place behind the change.</param>
internal readonly record struct ChangeView(
    ChangeKind Kind, ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value, long ExpiresAtMillis, WatchPosition Position)
{
    /// <summary>The change with bytes of its own.</summary>
    internal KvsChange ToChange() => new()
    {
        Kind = Kind,
        Key = new KvsKey(Key.ToArray()),
        Value = new KvsValue(Value.ToArray()),
        ExpiresAt = ExpiresAtMillis == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(ExpiresAtMillis),
        Position = Position,
    };
}
