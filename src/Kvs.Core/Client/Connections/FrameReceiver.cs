using Kvs.Core.Primitives;
using Kvs.Core.Protocol;

namespace Kvs.Core.Client.Connections;

/// <summary>
/// Cuts what arrives into frames. The buffer grows with what has arrived, not with what a length field promises, and
/// shrinks again behind a large frame. Threading: one thread at a time. Ownership: of its buffer; a frame is valid until
/// room is made for more.
/// </summary>
internal sealed class FrameReceiver
{
    private const int BufferBytes = 16 * 1024;
    private byte[] _buffer = new byte[BufferBytes];
    private int _start;
    private int _end;

    /// <summary>Takes the next frame that has arrived whole.</summary>
    /// <param name="frame">The frame.</param>
    /// <returns>False when more must be received.</returns>
    /// <exception cref="KvsProtocolException">The bytes are no frame.</exception>
    internal bool TryNext(out Frame frame)
    {
        var received = _buffer.AsMemory(_start, _end - _start);
        var status = FrameDecoder.TryRead(received, Limits.FrameBytesMax, out frame, out var fault);
        if (status == FrameStatus.Refused)
        {
            throw new KvsProtocolException(fault.Code, $"The server sent bytes that are no frame: {fault.Text}");
        }

        if (status == FrameStatus.Ready)
        {
            _start += frame.Length;
        }

        return status == FrameStatus.Ready;
    }

    /// <summary>What has arrived and is no whole frame yet.</summary>
    internal ReadOnlySpan<byte> Pending => _buffer.AsSpan(_start, _end - _start);

    /// <summary>Makes room for more.</summary>
    /// <returns>Where it is to be received; not empty.</returns>
    internal Memory<byte> MakeRoom()
    {
        var length = _end - _start;
        if (_start > 0 || length == _buffer.Length)
        {
            var target = length == _buffer.Length ? new byte[2 * length]
                : length < BufferBytes / 2 && _buffer.Length > BufferBytes ? new byte[BufferBytes]
                : _buffer;
            _buffer.AsSpan(_start, length).CopyTo(target);
            (_buffer, _start, _end) = (target, 0, length);
        }

        return _buffer.AsMemory(_end);
    }

    /// <summary>Takes what was received into the room.</summary>
    /// <param name="count">How many bytes.</param>
    internal void Add(int count) => _end += count;
}
