using System.Buffers.Text;
using System.Text;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;

namespace Kvs.Server.Doors.Resp.Wire;

/// <summary>
/// Writes replies in the protocol that the connection speaks:
/// <code>
/// both    +TEXT  -ERROR  :INTEGER  $LENGTH BYTES  *COUNT ...
/// RESP2   $-1 and *-1 for nothing, maps as arrays
/// RESP3   _ for nothing  %COUNT map  =LENGTH txt:TEXT  >COUNT push
/// </code>
/// Threading: one thread at a time. Ownership: of nothing; it writes to the buffer that it is given.
/// </summary>
/// <param name="target">Where replies go.</param>
internal sealed class RespWriter(FrameBuffer target)
{
    /// <summary>Digits of the largest length.</summary>
    private const int DigitsMax = 10;

    /// <summary>Bytes of a reply besides a value in it, at most.</summary>
    internal const int HeadBytesMax = 1 + DigitsMax + 2 + 2;

    private int _digits = 1; // of the value that was written last: the next one is likely as long

    /// <summary>Where replies go.</summary>
    internal FrameBuffer Target { get; set; } = target;

    /// <summary>2 or 3.</summary>
    internal int Protocol { get; set; } = 2;

    /// <summary>Writes a short text.</summary>
    /// <param name="text">ASCII, without an end of line.</param>
    internal void WriteSimple(ReadOnlySpan<byte> text)
    {
        Target.WriteByte((byte)'+');
        Target.WriteBytes(text);
        EndLine();
    }

    /// <summary>Writes that it was done.</summary>
    internal void WriteOk() => Target.WriteBytes("+OK\r\n"u8);

    /// <summary>Writes an error; ends of line in it become spaces, as they would end it.</summary>
    /// <param name="text">Its prefix and text.</param>
    internal void WriteError(string text)
    {
        Target.WriteByte((byte)'-');
        var start = Target.Length;
        Encoding.Latin1.GetBytes(text, Target.Append(text.Length));
        var written = Target.Patch(start, text.Length);
        written.Replace((byte)'\r', (byte)' ');
        written.Replace((byte)'\n', (byte)' ');
        EndLine();
    }

    /// <summary>Writes an integer.</summary>
    /// <param name="number">The integer.</param>
    internal void WriteInteger(long number) => WriteHead((byte)':', number);

    /// <summary>Writes bytes.</summary>
    /// <param name="bytes">The bytes.</param>
    internal void WriteBulk(ReadOnlySpan<byte> bytes)
    {
        WriteHead((byte)'$', bytes.Length);
        Target.WriteBytes(bytes);
        EndLine();
    }

    /// <summary>Writes a text as bytes.</summary>
    /// <param name="text">The text.</param>
    internal void WriteBulk(string text) => WriteBulk(Encoding.UTF8.GetBytes(text));

    /// <summary>Writes a text for people.</summary>
    /// <param name="text">The text.</param>
    internal void WriteVerbatim(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        if (Protocol < 3)
        {
            WriteBulk(bytes);
            return;
        }

        WriteHead((byte)'=', bytes.Length + 4);
        Target.WriteBytes("txt:"u8);
        Target.WriteBytes(bytes);
        EndLine();
    }

    /// <summary>Begins a value whose length is known when it has been written to <see cref="Target"/>.</summary>
    /// <returns>Where it begins, for <see cref="EndBulk"/>.</returns>
    internal int BeginBulk()
    {
        var start = Target.Length;
        Target.Append(1 + _digits + 2);
        return start;
    }

    /// <summary>Ends a value: puts its length in front. The value is moved when that has another length than expected.</summary>
    /// <param name="start">Where it begins.</param>
    internal void EndBulk(int start)
    {
        var valueAt = start + 1 + _digits + 2;
        var length = Target.Length - valueAt;
        var digits = DigitsOf(length);
        if (digits != _digits)
        {
            var movedAt = start + 1 + digits + 2;
            if (movedAt > valueAt)
            {
                Target.Append(movedAt - valueAt);
            }

            var whole = Target.Patch(start, Target.Length - start);
            whole.Slice(valueAt - start, length).CopyTo(whole[(movedAt - start)..]);
            Target.Truncate(movedAt + length);
            _digits = digits;
        }

        var head = Target.Patch(start, 1 + digits + 2);
        head[0] = (byte)'$';
        Check.That(Utf8Formatter.TryFormat(length, head[1..], out var written) && written == digits);
        head[1 + digits] = (byte)'\r';
        head[2 + digits] = (byte)'\n';
        EndLine();
    }

    /// <summary>Writes that there is nothing where a value was asked for.</summary>
    internal void WriteNull() => Target.WriteBytes(Protocol < 3 ? "$-1\r\n"u8 : "_\r\n"u8);

    /// <summary>Writes that there is nothing where a list was asked for.</summary>
    internal void WriteNullArray() => Target.WriteBytes(Protocol < 3 ? "*-1\r\n"u8 : "_\r\n"u8);

    /// <summary>Begins a list.</summary>
    /// <param name="count">Its items.</param>
    internal void BeginArray(int count) => WriteHead((byte)'*', count);

    /// <summary>Begins a map.</summary>
    /// <param name="count">Its pairs.</param>
    internal void BeginMap(int count) => WriteHead(Protocol < 3 ? (byte)'*' : (byte)'%', Protocol < 3 ? 2 * count : count);

    /// <summary>Begins a set.</summary>
    /// <param name="count">Its items.</param>
    internal void BeginSet(int count) => WriteHead(Protocol < 3 ? (byte)'*' : (byte)'~', count);

    /// <summary>Begins what nobody asked for.</summary>
    /// <param name="count">Its items.</param>
    internal void BeginPush(int count) => WriteHead(Protocol < 3 ? (byte)'*' : (byte)'>', count);

    private static int DigitsOf(int length)
    {
        var digits = 1;
        for (; length >= 10; length /= 10)
        {
            digits++;
        }

        return digits;
    }

    private void WriteHead(byte kind, long number)
    {
        var span = Target.GetSpan(1 + RespNumbers.BytesMax + 2);
        span[0] = kind;
        int length;
        if ((ulong)number < 10)
        {
            span[1] = (byte)('0' + number);
            length = 1;
        }
        else
        {
            Check.That(Utf8Formatter.TryFormat(number, span[1..], out length));
        }

        span[1 + length] = (byte)'\r';
        span[2 + length] = (byte)'\n';
        Target.Advance(3 + length);
    }

    private void EndLine() => Target.WriteBytes("\r\n"u8);
}
