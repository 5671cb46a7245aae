using System.Buffers;
using Kvs.Core.Index;

namespace Kvs.Core.Engines.Commit.Groups;

/// <summary>
/// What the index held before each change of the batch that is being applied, so that a condition that fails late takes
/// the earlier operations of its batch back. Reused; allocates only while it grows. Threading: commit thread only.
/// </summary>
internal sealed class UndoList
{
    /// <summary>A batch of rare size must not hold its memory for ever.</summary>
    private const int KeyBytesKept = 1024 * 1024;

    private readonly List<Change> _changes = [];
    private ArrayBufferWriter<byte> _keys = new();

    /// <summary>Notes what a change has replaced.</summary>
    /// <param name="key">The key.</param>
    /// <param name="existed">Whether the index held it, expired or not.</param>
    /// <param name="previous">What it held.</param>
    internal void Note(ReadOnlySpan<byte> key, bool existed, in IndexEntry previous)
    {
        _changes.Add(new Change(_keys.WrittenCount, key.Length, existed, previous));
        _keys.Write(key);
    }

    /// <summary>Puts everything back, newest change first.</summary>
    /// <param name="index">The index, with the working root as the changes left it.</param>
    internal void RollBack(KeyIndex index)
    {
        for (var i = _changes.Count - 1; i >= 0; i--)
        {
            var change = _changes[i];
            var key = _keys.WrittenSpan.Slice(change.KeyOffset, change.KeyLength);
            if (change.Existed)
            {
                index.Set(key, change.Previous, out _);
            }
            else
            {
                index.Remove(key, out _);
            }
        }

        Clear();
    }

    /// <summary>Forgets everything: the batch stays.</summary>
    internal void Clear()
    {
        _changes.Clear();
        if (_keys.Capacity > KeyBytesKept)
        {
            _keys = new ArrayBufferWriter<byte>();
        }
        else
        {
            _keys.ResetWrittenCount();
        }
    }

    private readonly record struct Change(int KeyOffset, int KeyLength, bool Existed, IndexEntry Previous);
}
