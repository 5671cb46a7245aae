using Kvs.Core.Buffers;

namespace Kvs.Server.Cluster.Links;

/// <summary>
/// What a link has received and not yet consumed. Frames are parsed in place and stay where they are for as long as
/// somebody holds their block; only the beginning of a frame that came in is ever moved, to where the rest of it fits.
/// A frame longer than a usual block gets one that is as long as it says, unless no frame of half that length was ever
/// there: then the block grows with what really arrives, so that a length field alone costs nothing.
/// Threading: the receiver's. Ownership: of the present block, with those that hold it.
/// </summary>
/// <param name="blockBytes">Bytes of a usual block.</param>
internal sealed class ReceiveBlocks(int blockBytes)
{
    private const int RoomMin = 1024;

    private SharedBlock _block = SharedBlock.Rent(blockBytes);
    private int _start;
    private int _end;
    private int _largest;

    /// <summary>What was received and not yet consumed.</summary>
    internal ReadOnlyMemory<byte> Received => _block.Memory[_start.._end];

    /// <summary>The block in which it lies.</summary>
    internal SharedBlock Block => _block;

    /// <summary>Room for the next receive. Moves what was received.</summary>
    /// <param name="frameBytes">Bytes of the frame that has begun; 0 while that is not known.</param>
    /// <returns>The room, never empty; of a long frame it ends with the frame, so that the next one begins a block.</returns>
    internal Memory<byte> RoomFor(int frameBytes)
    {
        if (frameBytes <= blockBytes)
        {
            if (_block.Length - _start < Math.Max(frameBytes, RoomMin) || _end == _block.Length)
            {
                MoveTo(blockBytes);
            }

            return _block.Memory[_end..];
        }

        var trusted = 2L * Math.Max(Math.Max(_largest, _end - _start), blockBytes);
        var wanted = (int)Math.Min(frameBytes, trusted);
        if (_block.Length - _start < wanted)
        {
            MoveTo(wanted);
        }

        return _block.Memory[_end..Math.Min(_start + frameBytes, _block.Length)];
    }

    /// <summary>Counts what a receive has brought.</summary>
    /// <param name="count">Bytes.</param>
    internal void Add(int count) => _end += count;

    /// <summary>Leaves a frame behind; its bytes stay as they are for whoever holds the block.</summary>
    /// <param name="frameBytes">Its bytes.</param>
    internal void Consume(int frameBytes)
    {
        _start += frameBytes;
        _largest = Math.Max(_largest, frameBytes);
    }

    /// <summary>Lets go of the block, at the end.</summary>
    internal void Release() => _block.Release();

    /// <summary>A block that others hold is never written to where they read: behind them, or in another block.</summary>
    private void MoveTo(int length)
    {
        var unread = Received;
        if (_block.Length == length && _block.IsHeldOnce)
        {
            unread.CopyTo(_block.Memory);
        }
        else
        {
            var block = SharedBlock.Rent(length);
            unread.CopyTo(block.Memory);
            _block.Release();
            _block = block;
        }

        _start = 0;
        _end = unread.Length;
    }
}
