using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Protocol.Requests;

/// <summary>
/// What a digest is asked of:
/// <code>
/// u8 flags: bit 0 an end is given, bit 1 list keys; others 0
/// u32 most     most sub-ranges, or most keys, of the answer: 1 to 1,024; 0 when the sub-ranges are given
/// u32 length, first key   [u32 length, first key beyond]
/// u32 count, then for each: u32 length, first key of a sub-range
/// </code>
/// The sub-ranges are the server's choice, of about equally many keys, or begin at the range's first key and at each key
/// that is given: so a second node divides as the first one did.
/// </summary>
internal readonly record struct DigestRequest
{
    /// <summary>Most sub-ranges or keys in an answer.</summary>
    internal const int PartsMax = 1024;

    private const int EndBit = 0x01;
    private const int KeysBit = 0x02;
    private const int KnownBits = EndBit | KeysBit;

    /// <summary>The keys that it covers.</summary>
    internal KeyRange Range { get; init; }

    /// <summary>Whether the keys are listed, instead of sub-ranges.</summary>
    internal bool ListKeys { get; init; }

    /// <summary>Most sub-ranges or keys; 0 when the sub-ranges are given.</summary>
    internal uint Most { get; init; }

    /// <summary>First keys of all sub-ranges but the first one; null or empty for the server's choice.</summary>
    internal IReadOnlyList<ReadOnlyMemory<byte>>? Splits { get; init; }

    /// <summary>Reads the body of a digest request.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="fault">Why it is refused.</param>
    /// <returns>False when it is refused.</returns>
    internal static bool TryRead(in Frame frame, out DigestRequest request, out DecodeFault fault)
    {
        var reader = new FrameReader(frame.Body);
        var flags = reader.ReadByte();
        var most = reader.ReadUInt32();
        var from = reader.ReadBlock();
        var to = reader.ReadOptionalBlock((flags & EndBit) != 0);
        var splits = ReadSplits(ref reader);
        request = new DigestRequest
        {
            Range = new KeyRange(from, to),
            ListKeys = (flags & KeysBit) != 0,
            Most = most,
            Splits = splits,
        };
        fault = (reader.IsComplete && (flags & ~KnownBits) == 0, request.HasMeaning()) switch
        {
            (false, _) => DecodeFault.Malformed("The body does not have the layout of its opcode."),
            (_, false) => new DecodeFault(
                ErrorCode.InvalidArgument,
                $"A digest gives 1 to {PartsMax} sub-ranges or keys; given sub-ranges ascend within the range."),
            _ => default,
        };
        return fault.Code == ErrorCode.None;
    }

    /// <summary>Writes a digest request.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="requestId">The id.</param>
    /// <param name="fields">The optional fields.</param>
    internal void Write(FrameBuffer target, uint requestId, in RequestFields fields)
    {
        var start = target.BeginFrame(Opcode.ClusterDigest, requestId);
        var flags = fields.Write(target);
        target.WriteByte((byte)((Range.To is null ? 0 : EndBit) | (ListKeys ? KeysBit : 0)));
        target.WriteUInt32(Most);
        target.WriteBlock(Range.From.Span);
        if (Range.To is { } to)
        {
            target.WriteBlock(to.Span);
        }

        target.WriteUInt32((uint)(Splits?.Count ?? 0));
        foreach (var split in Splits ?? [])
        {
            target.WriteBlock(split.Span);
        }

        target.EndFrame(start, flags);
    }

    private static List<ReadOnlyMemory<byte>> ReadSplits(ref FrameReader reader)
    {
        var splits = new List<ReadOnlyMemory<byte>>();
        var count = reader.ReadUInt32();
        if (count >= PartsMax)
        {
            reader.Fail();
        }

        for (var i = 0; i < count && !reader.Failed; i++)
        {
            splits.Add(reader.ReadBlock());
        }

        return splits;
    }

    private bool HasMeaning()
    {
        if (Splits is not { Count: > 0 } splits)
        {
            return Most is >= 1 and <= PartsMax;
        }

        var before = Range.From;
        foreach (var split in splits)
        {
            if (before.Span.SequenceCompareTo(split.Span) >= 0)
            {
                return false;
            }

            before = split;
        }

        return Most == 0 && !ListKeys && (Range.To is not { } to || before.Span.SequenceCompareTo(to.Span) < 0);
    }
}
