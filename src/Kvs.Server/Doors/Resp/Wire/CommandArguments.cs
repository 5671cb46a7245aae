namespace Kvs.Server.Doors.Resp.Wire;

/// <summary>
/// The words of one command, the name first, as slices of the bytes that they arrived in. Used again for each command:
/// no allocation while commands are short. Threading: one thread at a time. Ownership: of its list, not of the bytes,
/// which lie in the receive buffer until the session receives again.
/// </summary>
internal sealed class CommandArguments
{
    private const int KeptMax = 1024;

    private int[] _bounds = new int[32]; // offset and length of each, from where the command begins
    private ReadOnlyMemory<byte> _bytes;

    /// <summary>How many words.</summary>
    internal int Count { get; private set; }

    /// <summary>A word.</summary>
    /// <param name="index">0 for the name.</param>
    internal ReadOnlyMemory<byte> this[int index] => _bytes.Slice(_bounds[2 * index], _bounds[(2 * index) + 1]);

    /// <summary>A word, to look at.</summary>
    /// <param name="index">0 for the name.</param>
    internal ReadOnlySpan<byte> Span(int index) => _bytes.Span.Slice(_bounds[2 * index], _bounds[(2 * index) + 1]);

    /// <summary>Forgets the command.</summary>
    internal void Clear()
    {
        Count = 0;
        _bytes = default;
        if (_bounds.Length > 2 * KeptMax)
        {
            _bounds = new int[32];
        }
    }

    /// <summary>Adds a word.</summary>
    /// <param name="offset">Where it begins, from the beginning of the command.</param>
    /// <param name="length">Its bytes.</param>
    internal void Add(int offset, int length)
    {
        if (2 * Count == _bounds.Length)
        {
            Array.Resize(ref _bounds, 2 * _bounds.Length);
        }

        _bounds[2 * Count] = offset;
        _bounds[(2 * Count) + 1] = length;
        Count++;
    }

    /// <summary>Says where the bytes of the whole command lie.</summary>
    /// <param name="bytes">From its first byte on.</param>
    internal void LieIn(ReadOnlyMemory<byte> bytes) => _bytes = bytes;

    /// <summary>A copy with bytes of its own, for a command that is run later.</summary>
    /// <returns>The copy.</returns>
    internal CommandArguments Copy()
    {
        var copy = new CommandArguments { _bounds = new int[2 * Math.Max(1, Count)] };
        var bytes = new byte[Bytes];
        var end = 0;
        for (var index = 0; index < Count; index++)
        {
            var word = Span(index);
            word.CopyTo(bytes.AsSpan(end));
            copy.Add(end, word.Length);
            end += word.Length;
        }

        copy._bytes = bytes;
        return copy;
    }

    /// <summary>Bytes of all words.</summary>
    internal int Bytes
    {
        get
        {
            var bytes = 0;
            for (var index = 0; index < Count; index++)
            {
                bytes += _bounds[(2 * index) + 1];
            }

            return bytes;
        }
    }
}
