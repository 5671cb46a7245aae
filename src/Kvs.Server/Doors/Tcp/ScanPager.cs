using Kvs.Core.Engines;
using Kvs.Core.Engines.Facade;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;

namespace Kvs.Server.Doors.Tcp;

/// <summary>
/// One scan over a lease, written frame by frame: the one page of a page request, the chunks of a stream. Values go
/// from
/// the engine straight into the frame. Blocks: on the thread pool only. Threading: one thread at a time.
/// Ownership: of its cursor, not of the lease.
/// </summary>
internal sealed class ScanPager : IDisposable
{
    /// <summary>Bytes between the header of a frame, with its fields, and its first entry.</summary>
    private const int BodyHeadBytes = 23;

    private readonly SnapshotLease _lease;
    private readonly IEntryCursor _cursor;
    private readonly bool _keysOnly;
    private readonly int _frameBytesMax;
    private readonly bool _tellsPosition;
    private readonly int _headBytes; // of a frame before its first entry
    private readonly long _limitBytes;
    private long _entriesLeft;
    private long _bytesGiven;
    private ReadOnlyMemory<byte>? _lastKey;
    private bool _standsOnNext;
    private long _room;

    /// <summary>Stands before the first entry.</summary>
    /// <param name="lease">What is scanned.</param>
    /// <param name="request">What is asked for, with its limits filled in.</param>
    /// <param name="answers">What the frames will be written to: tells what the client takes, and wants beside them.</param>
    internal ScanPager(SnapshotLease lease, in ScanRequest request, AnswerBuffer answers)
    {
        _lease = lease;
        _keysOnly = request.KeysOnly;
        _frameBytesMax = answers.FrameBytesMax;
        _tellsPosition = answers.Position is not null;
        _headBytes = answers.HeadBytes + BodyHeadBytes;
        _entriesLeft = request.Limit ?? long.MaxValue;
        _limitBytes = request.LimitBytes ?? long.MaxValue;
        var options = new ScanOptions { Range = request.Range, Reverse = request.Reverse, Cursor = request.Cursor };
        var rest = EntryWalk.Rest(options);
        _cursor = lease.Scan(in rest, request.Reverse);
    }

    /// <summary>Whether all that was asked for has been given.</summary>
    internal bool IsDone { get; private set; }

    /// <summary>
    /// Says how long the next frame may become, so that room for it can be had before it is written.
    /// </summary>
    /// <param name="entryBytes">Bytes of keys and values that are wanted; one larger entry makes a frame of its own.</param>
    /// <param name="entries">Entries that are wanted.</param>
    /// <returns>Bytes of the frame at most; no more than the client takes.</returns>
    internal long Measure(long entryBytes, long entries)
    {
        var first = _lease.Use(this, static (_, pager) => pager.CanMove() ? pager.BytesWithNext(pager._headBytes) : 0);
        var heads = Math.Min(entries, _frameBytesMax) * ScanChunkCodec.EntryHeaderBytes;
        var wanted = Math.Min(entryBytes, _frameBytesMax) + heads + _headBytes;
        return _room = Math.Min(_frameBytesMax, Math.Max(first, wanted));
    }

    /// <summary>Writes the next frame, within what <see cref="Measure"/> has said last.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="opcode">Scan or scan page.</param>
    /// <param name="requestId">The id of the request.</param>
    /// <param name="chunkBytes">Bytes of keys and values at which the frame ends; at least one entry is given.</param>
    /// <param name="mayFollow">Whether further frames may follow: a stream.</param>
    internal void WriteFrame(FrameBuffer target, Opcode opcode, uint requestId, long chunkBytes, bool mayFollow) =>
        _lease.Use((Pager: this, target, opcode, requestId, chunkBytes, mayFollow), static (_, call) =>
        {
            call.Pager.Write(call.target, call.opcode, call.requestId, call.chunkBytes, call.mayFollow);
            return true;
        });

    /// <inheritdoc/>
    public void Dispose() => _lease.Close(_cursor);

    private long NextValueBytes => _keysOnly ? 0L : _cursor.Info.ValueLength;

    private void Write(FrameBuffer target, Opcode opcode, uint requestId, long chunkBytes, bool mayFollow)
    {
        var start = ScanChunkCodec.Begin(target, opcode, requestId, _lease.Version, _tellsPosition);
        var count = 0;
        var chunkGiven = 0L;
        var last = default(Range);
        while (TryMove())
        {
            var bytes = _cursor.Key.Length + NextValueBytes;
            var isOverLimit = _bytesGiven > 0 && _bytesGiven + bytes > _limitBytes;
            var isOverChunk = count > 0 && chunkGiven + bytes > chunkBytes;
            if (isOverLimit || isOverChunk || !FitsFrame(target.Length - start, count))
            {
                _standsOnNext = true;
                IsDone = isOverLimit;
                break;
            }

            last = WriteEntry(target);
            count++;
            chunkGiven += bytes;
            _bytesGiven += bytes;
            _entriesLeft--;
        }

        _lastKey = count > 0 ? target.Written[last].ToArray() : _lastKey;
        var canMove = CanMove();
        IsDone = IsDone || _entriesLeft == 0 || !mayFollow || !canMove;
        ScanChunkCodec.End(target, start, count, IsDone && canMove ? _lastKey : null, more: !IsDone);
    }

    /// <summary>Gives where the key lies: that of the last entry is where a later page goes on.</summary>
    private Range WriteEntry(FrameBuffer target)
    {
        var entry = ScanChunkCodec.BeginEntry(target, _cursor.Key);
        var key = new Range(entry + ScanChunkCodec.EntryHeaderBytes, target.Length);
        var contentType = _keysOnly ? null : _cursor.CopyValue(target);
        var info = _cursor.Info;
        ScanChunkCodec.EndEntry(target, entry, info.Version, info.ExpiresAtMillis, contentType);
        return key;
    }

    /// <summary>Bytes of a frame with one more entry.</summary>
    private long BytesWithNext(int frameBytes)
    {
        // The cursor behind the entries is a key, at most this one.
        var key = _cursor.Key.Length;
        var contentType = _keysOnly ? 0 : ContentTypes.FieldBytesMax;
        return frameBytes + ScanChunkCodec.EntryHeaderBytes + key + NextValueBytes + contentType + sizeof(uint) + key;
    }

    /// <summary>An entry that no frame of this client can hold is refused, not cut.</summary>
    private bool FitsFrame(int frameBytes, int count)
    {
        var needed = BytesWithNext(frameBytes);
        if (needed <= _room)
        {
            return true;
        }

        return count > 0 ? false : throw new KvsException(
            ErrorCode.ValueTooLarge,
            $"An entry of the scan makes a frame of {needed} bytes, the frame limit of the connection is {_frameBytesMax}.");
    }

    private bool TryMove()
    {
        if (_entriesLeft == 0 || IsDone)
        {
            return false;
        }

        var there = _standsOnNext || _cursor.MoveNext();
        _standsOnNext = false;
        return there;
    }

    /// <summary>Whether there are entries beyond those given.</summary>
    private bool CanMove() => _standsOnNext || (_standsOnNext = _cursor.MoveNext());
}
