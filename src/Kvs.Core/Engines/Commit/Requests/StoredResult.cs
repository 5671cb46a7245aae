using System.Buffers;
using System.Runtime.InteropServices;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Engines.Commit.Requests;

/// <summary>
/// The result of a numbered request as the log keeps it (docs/format.md, "Result of a request"), so that a repetition is
/// answered with it. Of each operation:
/// <code>
/// u8 flags: 01 the key was there, the others which parts follow
/// [varint sequence]       02: version of the key before
/// [varint milliseconds]   04: its expiry
/// [varint number]         08: the number, zigzag
/// [varint length, value]  10: the value that was asked for
/// [varint length]         20: length of the value, without its bytes
/// [varint code]           40: why an optional operation changed nothing
/// </code>
/// Operations at the end that found nothing are left out. A value beyond <see cref="ValueBytesMax"/> is kept as its length
/// only; when all is more than <see cref="DetailBytesMax"/>, of each operation only whether the key was there, the
/// number and the code. What is left out is told by what is there: a value that was asked for by its length alone, all the rest by a key
/// that was there and has no version. Threading: pure functions.
/// </summary>
internal static class StoredResult
{
    /// <summary>Longest value that is kept.</summary>
    internal const int ValueBytesMax = 1024;

    /// <summary>Most bytes of a result with all its parts.</summary>
    internal const int DetailBytesMax = 4096;

    private const byte ExistedBit = 0x01;
    private const byte VersionBit = 0x02;
    private const byte ExpiryBit = 0x04;
    private const byte NumberBit = 0x08;
    private const byte ValueBit = 0x10;
    private const byte LengthBit = 0x20;
    private const byte CodeBit = 0x40;
    private const byte KnownBits = 0x7F;
    private const int CodeBytesMax = 3;
    private const int LeanBytesMax = 1 + Varint.BytesMax + CodeBytesMax;
    private const int DetailBytesEach = 1 + (4 * Varint.BytesMax) + CodeBytesMax + ValueBytesMax;

    /// <summary>What came of a reading.</summary>
    internal enum Reading
    {
        /// <summary>The request has its results.</summary>
        Done,

        /// <summary>The values do not fit into the result bytes.</summary>
        NoRoom,

        /// <summary>They are the results of other operations.</summary>
        Mismatch,
    }

    /// <summary>Most bytes of the result of a request.</summary>
    /// <param name="operations">How many operations it has.</param>
    internal static int BytesMax(int operations) => (int)Math.Max(
        Math.Min(DetailBytesMax, (long)operations * DetailBytesEach), (long)operations * LeanBytesMax);

    /// <summary>Writes the results of a request.</summary>
    /// <param name="results">The results.</param>
    /// <param name="values">What their values lie in.</param>
    /// <param name="target">Emptied, then filled.</param>
    internal static void Write(List<OperationResult> results, ReadOnlySpan<byte> values, ArrayBufferWriter<byte> target)
    {
        target.ResetWrittenCount();
        var span = CollectionsMarshal.AsSpan(results);
        while (!span.IsEmpty && FlagsOf(in span[^1]) == 0)
        {
            span = span[..^1];
        }

        foreach (ref readonly var result in span)
        {
            WriteWhole(in result, values, target);
            if (target.WrittenCount > DetailBytesMax)
            {
                WriteLean(span, target);
                return;
            }
        }
    }

    /// <summary>Gives a request the results that were kept.</summary>
    /// <param name="stored">The results.</param>
    /// <param name="request">Gets them; it has the operations that they are of.</param>
    /// <param name="results">Gets the values.</param>
    /// <param name="epochs">Makes versions of sequences.</param>
    /// <returns>Unless done, the request has none.</returns>
    internal static Reading Read(ReadOnlySpan<byte> stored, WriteRequest request, ResultBuffer results, EpochTable epochs)
    {
        request.Results.Clear();
        results.BeginRequest();
        for (var i = 0; i < request.Operations.Count; i++)
        {
            if (!TryReadOne(ref stored, results, epochs, out var result))
            {
                request.Results.Clear();
                return Reading.Mismatch;
            }

            request.Results.Add(result);
        }

        if (stored.IsEmpty && !results.IsOver)
        {
            return Reading.Done;
        }

        request.Results.Clear();
        return stored.IsEmpty ? Reading.NoRoom : Reading.Mismatch;
    }

    private static byte FlagsOf(in OperationResult result) => (byte)(
        (result.Existed ? ExistedBit : 0)
        | (result.Version == default ? 0 : VersionBit)
        | (result.ExpiresAtMillis == 0 ? 0 : ExpiryBit)
        | (result.Number == 0 ? 0 : NumberBit)
        | (result.Code == ErrorCode.None ? 0 : CodeBit)
        | (result.HasValue && result.ValueLength <= ValueBytesMax ? ValueBit : result.ValueLength == 0 ? 0 : LengthBit));

    private static void WriteWhole(in OperationResult result, ReadOnlySpan<byte> values, ArrayBufferWriter<byte> target)
    {
        var flags = FlagsOf(in result);
        target.GetSpan(1)[0] = flags;
        target.Advance(1);
        WriteIf(flags & VersionBit, result.Version.Sequence, target);
        WriteIf(flags & ExpiryBit, (ulong)result.ExpiresAtMillis, target);
        WriteIf(flags & NumberBit, ZigZag(result.Number), target);
        WriteIf(flags & (ValueBit | LengthBit), (ulong)result.ValueLength, target);
        if ((flags & ValueBit) != 0)
        {
            target.Write(values.Slice(result.ValueOffset, result.ValueLength));
        }

        WriteIf(flags & CodeBit, (ulong)result.Code, target);
    }

    private static void WriteLean(ReadOnlySpan<OperationResult> results, ArrayBufferWriter<byte> target)
    {
        target.ResetWrittenCount();
        foreach (ref readonly var result in results)
        {
            var lean = new OperationResult { Existed = result.Existed, Number = result.Number, Code = result.Code };
            WriteWhole(in lean, default, target);
        }
    }

    private static void WriteIf(int flag, ulong value, ArrayBufferWriter<byte> target)
    {
        if (flag != 0)
        {
            target.Advance(Varint.Write(target.GetSpan(Varint.BytesMax), value));
        }
    }

    private static bool TryReadOne(
        ref ReadOnlySpan<byte> stored, ResultBuffer results, EpochTable epochs, out OperationResult result)
    {
        result = default;
        if (stored.IsEmpty)
        {
            return true;
        }

        var flags = stored[0];
        stored = stored[1..];
        if ((flags & ~KnownBits) != 0
            || !TryReadIf(flags & VersionBit, ref stored, out var sequence)
            || !TryReadIf(flags & ExpiryBit, ref stored, out var expiry)
            || !TryReadIf(flags & NumberBit, ref stored, out var number)
            || !TryReadIf(flags & (ValueBit | LengthBit), ref stored, out var length)
            || length > int.MaxValue)
        {
            return false;
        }

        result = new OperationResult
        {
            Existed = (flags & ExistedBit) != 0,
            Version = sequence == 0 ? default : epochs.VersionOf(sequence),
            ExpiresAtMillis = (long)expiry,
            Number = UnZigZag(number),
            ValueLength = (int)length,
        };
        if (((flags & ValueBit) != 0 && !TryTakeValue(ref stored, results, ref result))
            || !TryReadIf(flags & CodeBit, ref stored, out var code)
            || code > ushort.MaxValue)
        {
            return false;
        }

        result = result with { Code = (ErrorCode)code };
        return true;
    }

    private static bool TryTakeValue(ref ReadOnlySpan<byte> stored, ResultBuffer results, ref OperationResult result)
    {
        if (result.ValueLength > stored.Length)
        {
            return false;
        }

        result = result with { HasValue = true, ValueOffset = results.WrittenCount };
        if (results.TryAdd(result.ValueLength))
        {
            results.Writer.Write(stored[..result.ValueLength]);
        }

        stored = stored[result.ValueLength..];
        return true;
    }

    private static bool TryReadIf(int flag, ref ReadOnlySpan<byte> stored, out ulong value)
    {
        value = 0;
        if (flag == 0)
        {
            return true;
        }

        if (!Varint.TryRead(stored, out value, out var length))
        {
            return false;
        }

        stored = stored[length..];
        return true;
    }

    private static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));

    private static long UnZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);
}
