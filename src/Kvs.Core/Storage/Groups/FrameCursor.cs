using Kvs.Core.Primitives;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Storage.Groups;

/// <summary>
/// A walk over the valid group frames of a log segment, from its start or a known place; sync marks are passed over.
/// It stops where no valid envelope with a valid frame stands: whether that is the end, a torn tail or damage is for
/// <c>LogScan</c> to judge. Ownership: a view.
/// </summary>
internal ref struct FrameCursor
{
    private readonly ReadOnlySpan<byte> _segment;
    private readonly ulong _salt;
    private GroupFrame _frame;

    /// <summary>Stands before the first frame.</summary>
    /// <param name="segment">The bytes of the segment from its start to its end.</param>
    /// <param name="salt">Its salt.</param>
    /// <param name="offset">Where to begin: an envelope's place.</param>
    internal FrameCursor(ReadOnlySpan<byte> segment, ulong salt, long offset = SegmentHeader.Bytes)
    {
        _segment = segment;
        _salt = salt;
        Position = (int)offset;
        _frame = default;
    }

    /// <summary>The current frame.</summary>
    internal readonly GroupFrame Frame => _frame;

    /// <summary>The current frame's envelope; a sync mark's when <see cref="MoveNextEnvelope"/> found one.</summary>
    internal Envelope Envelope { get; private set; }

    /// <summary>Where the current frame begins, in bytes from the start of the file.</summary>
    internal readonly int FrameOffset => Position - _frame.Bytes.Length;

    /// <summary>Where the current envelope begins.</summary>
    internal readonly int EnvelopeOffset => Position - _frame.Bytes.Length - Envelope.Bytes;

    /// <summary>Where the walk stands: behind the current frame or mark.</summary>
    internal int Position { get; private set; }

    /// <summary>Goes to the next frame.</summary>
    /// <returns>False where none stands.</returns>
    internal bool MoveNext()
    {
        while (MoveNextEnvelope())
        {
            if (!Envelope.IsSyncMark)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Goes to the next frame or sync mark.</summary>
    /// <returns>False where neither stands.</returns>
    internal bool MoveNextEnvelope()
    {
        var rest = _segment[Position..];
        if (!Envelope.TryRead(rest, _salt, Position, out var envelope))
        {
            return false;
        }

        GroupFrame frame = default;
        if (!envelope.IsSyncMark && !TryReadFrame(rest[Envelope.Bytes..], envelope, out frame))
        {
            return false;
        }

        _frame = frame;
        Envelope = envelope;
        Position += Envelope.Bytes + (int)envelope.FrameLength;
        return true;
    }

    private static bool TryReadFrame(ReadOnlySpan<byte> source, scoped in Envelope envelope, out GroupFrame frame) =>
        GroupFrame.TryRead(source, out frame)
        && frame.Bytes.Length == envelope.FrameLength
        && frame.Crc == envelope.FrameCrc
        && frame.Epoch == envelope.Epoch
        && frame.FirstSequence == envelope.FirstSequence;
}
