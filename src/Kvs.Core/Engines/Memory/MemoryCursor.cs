using System.Buffers;
using Kvs.Core.Operations;

namespace Kvs.Core.Engines.Memory;

/// <summary>A walk over a root by position; each step finds its entry anew, in O(log n).</summary>
internal sealed class MemoryCursor : IEntryCursor
{
    private readonly MemoryRoot _root;
    private readonly int _step;
    private int _next;
    private int _left;
    private MemoryEntry? _current;

    /// <summary>Stands before the first entry.</summary>
    /// <param name="root">The state.</param>
    /// <param name="range">The range.</param>
    /// <param name="reverse">From the last key to the first.</param>
    internal MemoryCursor(MemoryRoot root, in KeyRange range, bool reverse)
    {
        var (start, end) = root.Find(range);
        _root = root;
        _step = reverse ? -1 : 1;
        _next = reverse ? end - 1 : start;
        _left = end - start;
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Key => Current.Key;

    /// <inheritdoc/>
    public EntryInfo Info => Current.Info;

    private MemoryEntry Current => _current ?? throw new InvalidOperationException("The cursor stands on no entry.");

    /// <inheritdoc/>
    public bool MoveNext()
    {
        if (_left == 0)
        {
            _current = null;
            return false;
        }

        _current = _root.Entries[_next];
        _next += _step;
        _left--;
        return true;
    }

    /// <inheritdoc/>
    public string? CopyValue(IBufferWriter<byte> value)
    {
        value.Write(Current.Value);
        return Current.ContentType;
    }

    /// <inheritdoc/>
    public void Dispose() => _current = null;
}
