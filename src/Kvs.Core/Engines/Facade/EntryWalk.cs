using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Kvs.Core.Operations;

namespace Kvs.Core.Engines.Facade;

/// <summary>
/// A scan as its options ask for it: range, direction, place to go on, limits. It turns the engine's cursor into
/// entries of their own. Threading: one thread at a time. Ownership: disposes its cursor, not the snapshot.
/// </summary>
internal sealed class EntryWalk : IDisposable
{
    private readonly IEntryCursor _cursor;
    private readonly ArrayBufferWriter<byte> _value = new();
    private readonly bool _keysOnly;
    private readonly long _limit;
    private readonly long _limitBytes;
    private Position _position;

    /// <summary>Stands before the first entry.</summary>
    /// <param name="snapshot">What is scanned; outlives the walk.</param>
    /// <param name="options">Checked by <see cref="Validate"/>.</param>
    /// <param name="given">What an earlier walk has given of the same scan.</param>
    internal EntryWalk(IEngineSnapshot snapshot, ScanOptions options, ScanTally given = default)
    {
        Given = given;
        var range = Rest(options);
        _cursor = snapshot.Scan(range, options.Reverse);
        _keysOnly = options.KeysOnly;
        _limit = options.Limit ?? long.MaxValue;
        _limitBytes = options.LimitBytes ?? long.MaxValue;
    }

    private enum Position
    {
        /// <summary>On an entry that was given, or before the first.</summary>
        Given,

        /// <summary>On an entry that did not fit into the limit of bytes.</summary>
        NotGiven,

        /// <summary>Behind the last entry.</summary>
        Ended,
    }

    /// <summary>What was given so far.</summary>
    internal ScanTally Given { get; private set; }

    /// <summary>Refuses options that mean nothing.</summary>
    /// <param name="options">The options.</param>
    internal static void Validate(ScanOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(options.Limit ?? 0, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(options.LimitBytes ?? 0, nameof(options));
    }

    /// <summary>Refuses options of a page that mean nothing; a page of no entries could not say where to go on.</summary>
    /// <param name="options">The options.</param>
    internal static void ValidatePage(ScanOptions options)
    {
        Validate(options);
        ArgumentOutOfRangeException.ThrowIfZero(options.Limit ?? 1, nameof(options));
    }

    /// <summary>What a scan still covers: its range, without what lies before its cursor and the cursor itself.</summary>
    /// <param name="options">The options.</param>
    /// <returns>The range.</returns>
    internal static KeyRange Rest(ScanOptions options)
    {
        if (options.Cursor is not { } cursor)
        {
            return options.Range;
        }

        // The first key behind another is that key and a zero byte.
        var rest = options.Reverse
            ? new KeyRange(default, cursor)
            : new KeyRange((byte[])[.. cursor.Span, 0], null);
        return options.Range.Intersect(rest);
    }

    /// <summary>Goes to the next entry.</summary>
    /// <param name="entry">The entry.</param>
    /// <returns>False at a limit or at the end.</returns>
    internal bool TryRead([NotNullWhen(true)] out KvsEntry? entry)
    {
        entry = null;
        if (Given.Entries >= _limit || !TryMove())
        {
            return false;
        }

        var bytes = _cursor.Key.Length + (_keysOnly ? 0L : _cursor.Info.ValueLength);
        if (Given.Entries > 0 && Given.Bytes + bytes > _limitBytes)
        {
            _position = Position.NotGiven;
            return false;
        }

        var value = ReadValue(out var contentType);
        entry = Entries.Make(_cursor.Key.ToArray(), value, _cursor.Info with { ContentType = contentType });
        Given = new ScanTally(Given.Entries + 1, Given.Bytes + bytes);
        return true;
    }

    /// <summary>Whether the range has entries beyond those given. Ends the walk.</summary>
    internal bool HasMore() => _position is Position.NotGiven || TryMove();

    /// <inheritdoc/>
    public void Dispose() => _cursor.Dispose();

    private bool TryMove()
    {
        if (_position is Position.Given && _cursor.MoveNext())
        {
            return true;
        }

        _position = Position.Ended;
        return false;
    }

    private byte[] ReadValue(out string? contentType)
    {
        contentType = null;
        if (_keysOnly)
        {
            return [];
        }

        _value.ResetWrittenCount();
        contentType = _cursor.CopyValue(_value);
        return _value.WrittenSpan.ToArray();
    }
}
