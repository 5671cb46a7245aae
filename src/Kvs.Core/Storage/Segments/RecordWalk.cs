using Kvs.Core.Primitives;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Records;

namespace Kvs.Core.Storage.Segments;

/// <summary>
/// Walks over all records of a sealed segment, log or data, verifying frames or blocks as it goes. It must reach the
/// segment's end: stopping before it is damage. Ownership: a view over the segment's mapping.
/// </summary>
internal ref struct RecordWalk
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly Segment _segment;
    private FrameCursor _frames;
    private GroupFrame.BatchEnumerator _batches;
    private BatchView.RecordEnumerator _batch;
    private ReadOnlySpan<byte> _block;
    private int _position;
    private RecordView _current;

    /// <summary>Stands before the first record.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="end">Bytes of it that count.</param>
    internal RecordWalk(Segment segment, long end)
    {
        Check.That(end <= segment.Length);
        _segment = segment;
        _bytes = segment.Bytes(0, (int)end);
        _frames = new FrameCursor(_bytes, segment.Header.Salt);
        _position = SegmentHeader.Bytes;
    }

    /// <summary>The current record; its own checksum is not verified by the walk.</summary>
    internal readonly RecordView Current => _current;

    /// <summary>The batch of the current record, in a log segment.</summary>
    internal readonly BatchView Batch => _batches.Current;

    /// <summary>Whether the current record is the first one of its batch, in a log segment.</summary>
    internal readonly bool IsFirstOfBatch => _batch.Seen == 1;

    /// <summary>Where the current record lies in the file.</summary>
    internal int Offset { get; private set; }

    /// <summary>Goes to the next record.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="KvsCorruptionException">The segment is damaged.</exception>
    internal bool MoveNext() => _segment.Kind == SegmentKind.Log ? MoveNextInLog() : MoveNextInData();

    private bool MoveNextInLog()
    {
        while (!_batch.MoveNext())
        {
            if (_batches.MoveNext())
            {
                _batch = _batches.Current.GetEnumerator();
            }
            else if (_frames.MoveNext())
            {
                _batches = _frames.Frame.GetEnumerator();
            }
            else
            {
                return _frames.Position == _bytes.Length ? false : throw DamagedAt(_frames.Position);
            }
        }

        _current = _batch.Current;
        Offset = _frames.FrameOffset + _batch.CurrentOffset;
        return true;
    }

    private bool MoveNextInData()
    {
        if (_block.IsEmpty)
        {
            if (_position == _bytes.Length)
            {
                return false;
            }

            if (!DataBlock.TryRead(_bytes[_position..], _segment.Header.Salt, _position, out _block) || _block.IsEmpty)
            {
                throw DamagedAt(_position);
            }

            Offset = _position + DataBlock.HeaderBytes;
            _position += DataBlock.Length(_block.Length);
        }
        else
        {
            Offset += _current.Bytes.Length;
        }

        Check.That(RecordCodec.TryRead(_block, out _current));
        _block = _block[_current.Bytes.Length..];
        return true;
    }

    private readonly KvsCorruptionException DamagedAt(int offset) => StorageFailure.Damaged(
        _segment.File.Path, offset,
            $"no valid bytes stand there, but the segment was synced up to offset {_bytes.Length}.");
}
