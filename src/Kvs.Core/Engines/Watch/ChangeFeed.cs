using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Feed;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Records;

namespace Kvs.Core.Engines.Watch;

/// <summary>
/// A feed over the log of one engine: takes the group frames that are published, through a loose cursor, and picks the
/// changes of its range. Threading: as <see cref="IChangeFeed"/>.
/// </summary>
internal sealed class ChangeFeed : IChangeFeed
{
    /// <summary>Bytes of the log that one read looks through (4 MiB): some milliseconds, when nothing in them fits.</summary>
    private const int ScannedBytesMax = 4 * 1024 * 1024;

    private readonly EngineParts _parts;
    private readonly WatchOptions _options;
    private readonly LogCursor _cursor;

    private ChangeFeed(EngineParts parts, WatchOptions options, in WatchPosition position)
    {
        _parts = parts;
        _options = options;
        Position = position;
        _cursor = parts.Feed.OpenLoose(position.IsBatchEnd ? position.Version.Sequence : position.Version.Sequence - 1);
    }

    /// <inheritdoc/>
    public WatchPosition Position { get; private set; }

    private ulong Published => _parts.Watchers.IsClosed ? throw Closed() : _parts.Index.Published.Sequence;

    /// <summary>Opens a feed; see <see cref="IKvEngine.Watch"/>.</summary>
    internal static ChangeFeed Open(EngineParts parts, WatchOptions options)
    {
        using var pin = parts.Index.Pin();
        var epochs = (EpochTable)pin.Root.State!;
        var newest = epochs.VersionOf(pin.Root.Sequence);
        if (options.Since is not { } since)
        {
            return new ChangeFeed(parts, options, newest);
        }

        Check(since, newest, epochs);
        var feed = new ChangeFeed(parts, options, since);
        return feed._cursor.Next < parts.Feed.FirstStreamable ? throw feed.Compacted() : feed;
    }

    /// <inheritdoc/>
    public bool Read(ChangeBuffer target, int bytesMax)
    {
        try
        {
            return ReadOn(target, bytesMax);
        }
        catch (ObjectDisposedException)
        {
            throw Closed();
        }
        finally
        {
            _cursor.Rest(); // whoever reads slowly must not keep a file
        }
    }

    /// <inheritdoc/>
    public Task WaitAsync(CancellationToken cancellationToken)
    {
        var next = _parts.Watchers.Await();
        try
        {
            return _parts.Watchers.IsClosed || _cursor.Next <= _parts.Index.Published.Sequence
                ? Task.CompletedTask
                : next.WaitAsync(cancellationToken);
        }
        catch (ObjectDisposedException)
        {
            return Task.CompletedTask;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _cursor.Dispose();

    private static void Check(in WatchPosition since, in KvsVersion newest, EpochTable epochs)
    {
        if (since.Changes < 0 || (since.Version.Sequence == 0 && !since.IsBatchEnd))
        {
            throw new KvsException(ErrorCode.InvalidArgument, $"'{since}' is no position.");
        }

        if (since.Version.Sequence > newest.Sequence)
        {
            throw KvsException.Of(
                ErrorCode.TooStale,
                $"The newest position that is shown here is {newest}; {since} is behind it. Retry, at another node or later.",
                WriteOutcome.NotApplied);
        }

        if (epochs.VersionOf(since.Version.Sequence) != since.Version)
        {
            throw new KvsException(
                ErrorCode.TokenLost,
                $"Position {since} is of a history that is gone. Read the state anew, and watch from its position.");
        }
    }

    private bool ReadOn(ChangeBuffer target, int bytesMax)
    {
        var through = Published;
        for (var scanned = 0; _cursor.Next <= through; scanned += _cursor.Frame.Bytes.Length)
        {
            if (target.Bytes >= bytesMax || scanned >= ScannedBytesMax)
            {
                return true;
            }

            if (_cursor.Move() != LogMove.Frame)
            {
                // What is published is in the log, unless its oldest part was given up.
                throw _parts.Watchers.IsClosed ? Closed() : Compacted();
            }

            if (!TakeFrame(_cursor.Frame, target, bytesMax))
            {
                _cursor.Repeat();
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes what is behind the position in a frame.</summary>
    /// <returns>False when the buffer is full before its end.</returns>
    private bool TakeFrame(in GroupFrame frame, ChangeBuffer target, int bytesMax)
    {
        foreach (var batch in frame)
        {
            if (IsPassed(batch.Sequence))
            {
                continue;
            }

            if (!TakeBatch(batch, new KvsVersion(frame.Epoch, batch.Sequence), target, bytesMax))
            {
                return false;
            }
        }

        return true;
    }

    private bool TakeBatch(in BatchView batch, in KvsVersion version, ChangeBuffer target, int bytesMax)
    {
        var taken = Position.Version.Sequence == batch.Sequence ? Position.Changes : 0;
        var count = 0;
        foreach (var record in batch)
        {
            if (++count <= taken)
            {
                continue;
            }

            if (target.Bytes >= bytesMax)
            {
                return false;
            }

            var position = new WatchPosition(version, count < batch.RecordCount ? count : 0);
            if (!TryTake(record, batch.IsExpiry, position, target))
            {
                return false;
            }

            Position = position;
        }

        Position = version;
        return true;
    }

    private bool TryTake(in RecordView record, bool isExpiry, in WatchPosition position, ChangeBuffer target)
    {
        if (record.Kind is not (RecordKind.Set or RecordKind.Remove) || !_options.Range.Contains(record.Key))
        {
            return true;
        }

        var removed = isExpiry ? ChangeKind.Expired : ChangeKind.Removed;
        return target.TryAdd(
            record.Kind == RecordKind.Set ? ChangeKind.Set : removed,
            record.Key,
            _options.KeysOnly ? default : record.Value,
            _options.KeysOnly ? null : record.ContentTypeText,
            record.ExpiresAtMillis,
            position);
    }

    private bool IsPassed(ulong sequence) => Position.IsBatchEnd
        ? sequence <= Position.Version.Sequence
        : sequence < Position.Version.Sequence;

    private KvsException Compacted()
    {
        var oldest = _parts.Epochs.Table.VersionOf(_parts.Feed.FirstStreamable - 1);
        return new KvsException(
            ErrorCode.Compacted,
            $"The changes behind position {Position} are compacted away; the oldest position that can be watched from is {oldest}. "
            + "Read the state anew and watch from its position, or let the server keep more history (--history-bytes).");
    }

    private static KvsUnavailableException Closed() => new(
        ErrorCode.ShuttingDown, "The store that is watched closes. Go on behind the last position, here or at another node.");
}
