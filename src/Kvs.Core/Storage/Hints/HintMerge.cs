using Kvs.Core.Primitives;

namespace Kvs.Core.Storage.Hints;

/// <summary>
/// Walks over many hint files at once in key order; of each key it gives the newest entry, tombstones included.
/// Two files may hold the same record (compaction copies with the sequence): either will do, the later file is given.
/// Threading: one thread. Ownership: owns the readers.
/// </summary>
internal sealed class HintMerge : IDisposable
{
    private readonly HintReader[] _readers;
    private readonly PriorityQueue<HintReader, HintReader> _heap;
    private byte[] _key = new byte[256];
    private int _keyLength;

    /// <summary>Stands before the first key.</summary>
    /// <param name="readers">Each before its first key. Ownership: taken over.</param>
    internal HintMerge(IEnumerable<HintReader> readers)
    {
        _readers = [.. readers];
        _heap = new PriorityQueue<HintReader, HintReader>(_readers.Length, Comparer<HintReader>.Create(Compare));
        try
        {
            foreach (var reader in _readers)
            {
                Enqueue(reader);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The current key; valid until the next move.</summary>
    internal ReadOnlySpan<byte> Key => _key.AsSpan(0, _keyLength);

    /// <summary>The newest entry of the current key; its location names the file.</summary>
    internal HintEntry Entry { get; private set; }

    /// <summary>Goes to the next key.</summary>
    /// <returns>False at the end.</returns>
    internal bool MoveNext()
    {
        if (!_heap.TryDequeue(out var newest, out _))
        {
            return false;
        }

        Keep(newest);
        Enqueue(newest);
        while (_heap.TryPeek(out var older, out _) && older.Key.SequenceEqual(Key))
        {
            Check.That(older.Entry.Sequence <= Entry.Sequence);
            _heap.Dequeue();
            Enqueue(older);
        }

        return true;
    }

    /// <summary>Closes the files.</summary>
    public void Dispose()
    {
        foreach (var reader in _readers)
        {
            reader.Dispose();
        }
    }

    private static int Compare(HintReader? x, HintReader? y)
    {
        var byKey = x!.Key.SequenceCompareTo(y!.Key);
        if (byKey != 0)
        {
            return byKey;
        }

        var bySequence = y.Entry.Sequence.CompareTo(x.Entry.Sequence);
        return bySequence != 0 ? bySequence : y.Header.SegmentId.CompareTo(x.Header.SegmentId);
    }

    private void Enqueue(HintReader reader)
    {
        if (reader.MoveNext())
        {
            _heap.Enqueue(reader, reader);
        }
    }

    private void Keep(HintReader reader)
    {
        if (_key.Length < reader.Key.Length)
        {
            _key = new byte[reader.Key.Length];
        }

        reader.Key.CopyTo(_key);
        _keyLength = reader.Key.Length;
        Entry = reader.Entry;
    }
}
