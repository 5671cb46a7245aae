using Kvs.Client.Commands.CommandLine;
using Kvs.Core.Primitives;

namespace Kvs.Client.Commands.Lines;

/// <summary>
/// Splits a stream of bytes into lines, without ever turning them into text: input may hold any bytes. A line ends
/// with LF or CR LF; the last one may end with the input. Threading: one flow of control.
/// </summary>
/// <param name="input">The bytes.</param>
internal sealed class LineReader(Stream input)
{
    /// <summary>
    /// Longest line: the largest batch with every byte written as a six-letter JSON escape. A longer one is an error,
    /// so that input without line ends does not fill the memory.
    /// </summary>
    private const int LineBytesMax = 6 * Limits.BatchBytesMax;

    private byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;
    private bool _isAtEnd;

    /// <summary>The number of the line that was read last; the first is 1.</summary>
    internal long LineNumber { get; private set; }

    /// <summary>How many bytes of the input have been given as lines.</summary>
    internal long BytesRead { get; private set; }

    /// <summary>Reads the next line.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The line without its end, or null behind the last one. It is valid until the next call.</returns>
    internal async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken = default)
    {
        var searched = 0;
        while (true)
        {
            var lineEnd = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (lineEnd >= 0)
            {
                return Take(searched + lineEnd, endBytes: 1);
            }

            searched = _end - _start;
            if (_isAtEnd && searched == 0)
            {
                return null;
            }

            if (_isAtEnd)
            {
                return Take(searched, endBytes: 0);
            }

            await FillAsync(cancellationToken);
        }
    }

    private ReadOnlyMemory<byte> Take(int length, int endBytes)
    {
        var line = _buffer.AsMemory(_start, length);
        _start += length + endBytes;
        BytesRead += length + endBytes;
        LineNumber++;
        return line.Span is [.., (byte)'\r'] ? line[..^1] : line;
    }

    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
        {
            if (_buffer.Length >= LineBytesMax)
            {
                throw new InputException($"line {LineNumber + 1} is longer than {LineBytesMax} bytes");
            }

            Array.Resize(ref _buffer, Math.Min(_buffer.Length * 2, LineBytesMax));
        }

        var read = await input.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
        _isAtEnd = read == 0;
        _end += read;
    }
}
