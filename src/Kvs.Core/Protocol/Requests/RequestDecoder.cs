using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Protocol.Requests;

/// <summary>
/// Bodies of requests to the types of Operations. Nothing is copied: keys and values are slices of the receive buffer,
/// which must stay as it is until the request is done. Whatever does not fit is a <see cref="DecodeFault"/>, and no limit
/// is passed before it is judged: counts are compared with what is there before anything is made for them.
/// </summary>
internal static class RequestDecoder
{
    private const int KeyBytesMin = 4;

    /// <summary>Judges the opcode and flags, and reads the optional fields. The first step for each frame.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="fields">The optional fields.</param>
    /// <param name="fault">Why it is refused.</param>
    /// <returns>False when it is refused.</returns>
    internal static bool TryReadHeader(in Frame frame, out RequestFields fields, out DecodeFault fault)
    {
        fields = default;
        if (!Opcodes.IsRequest(frame.Opcode))
        {
            fault = new DecodeFault(
                ErrorCode.UnknownOpcode,
                $"The opcode 0x{(byte)frame.Opcode:X2} is no request of protocol version {Hello.VersionNewest}.");
            return false;
        }

        if ((frame.Flags & FrameFlags.More) != FrameFlags.None)
        {
            fault = DecodeFault.Malformed("The flag More belongs to responses.");
            return false;
        }

        return RequestFields.TryRead(frame.Fields, out fields, out fault);
    }

    /// <summary>Reads an operation that was sent alone.</summary>
    /// <param name="frame">A frame whose opcode is an operation.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="fault">Why it is refused.</param>
    /// <returns>False when it is refused.</returns>
    internal static bool TryReadOperation(in Frame frame, out Operation operation, out DecodeFault fault)
    {
        Check.That(Opcodes.IsOperation(frame.Opcode));
        var reader = new FrameReader(frame.Body);
        operation = OperationCodec.Read(ref reader, Opcodes.KindOf(frame.Opcode));
        return Judge(reader.IsComplete, out fault) && OperationCodec.TryJudge(in operation, out fault);
    }

    /// <summary>Reads a batch: u32 count, then for each operation u8 kind and the operation.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="target">Where the operations are added; after a fault, some of them.</param>
    /// <param name="fault">Why it is refused.</param>
    /// <returns>False when it is refused.</returns>
    internal static bool TryReadBatch(in Frame frame, List<Operation> target, out DecodeFault fault)
    {
        var reader = new FrameReader(frame.Body);
        if (!TryReadCount(ref reader, OperationCodec.ItemBytesMin, out var count, out fault))
        {
            return false;
        }

        for (var i = 0; i < count; i++)
        {
            var kind = (OperationKind)reader.ReadByte();
            if (kind is < OperationKind.Set or > OperationKind.Copy)
            {
                reader.Fail();
            }

            var operation = OperationCodec.Read(ref reader, kind);
            if (reader.Failed)
            {
                return Judge(reader.IsComplete, out fault);
            }

            if (!OperationCodec.TryJudge(in operation, out fault))
            {
                return false;
            }

            target.Add(operation);
        }

        return Judge(reader.IsComplete, out fault);
    }

    /// <summary>Reads any writing request, ready to be submitted, except for its deadline.</summary>
    /// <param name="frame">An operation or a batch.</param>
    /// <param name="fields">Its optional fields.</param>
    /// <param name="target">A cleared request, which is filled.</param>
    /// <param name="fault">Why it is refused.</param>
    /// <returns>False when it is refused.</returns>
    internal static bool TryReadWrite(in Frame frame, in RequestFields fields, WriteRequest target, out DecodeFault fault)
    {
        target.ClientId = fields.ClientId;
        target.RequestNumber = fields.RequestNumber;
        target.DoneThrough = fields.DoneThrough;
        target.Attempt = fields.Attempt;
        target.AgeMillis = fields.AgeMillis;
        target.IsForwarded = fields.Forwarded;
        target.WantsRedirect = fields.Redirect;
        target.Durability = fields.Durability;
        if (frame.Opcode == Opcode.Batch)
        {
            return TryReadBatch(in frame, target.Operations, out fault);
        }

        if (!TryReadOperation(in frame, out var operation, out fault))
        {
            return false;
        }

        target.Operations.Add(operation);
        return true;
    }

    /// <summary>Reads the keys of a get-many: u32 count, then for each u32 length and key.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="target">Where the keys are added; after a fault, some of them.</param>
    /// <param name="fault">Why it is refused.</param>
    /// <returns>False when it is refused.</returns>
    internal static bool TryReadGetMany(in Frame frame, List<ReadOnlyMemory<byte>> target, out DecodeFault fault)
    {
        var reader = new FrameReader(frame.Body);
        if (!TryReadCount(ref reader, KeyBytesMin, out var count, out fault))
        {
            return false;
        }

        for (var i = 0; i < count && !reader.Failed; i++)
        {
            target.Add(reader.ReadBlock());
        }

        return Judge(reader.IsComplete, out fault);
    }

    /// <summary>Reads a scan page or a streamed scan.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="fault">Why it is refused.</param>
    /// <returns>False when it is refused.</returns>
    internal static bool TryReadScan(in Frame frame, out ScanRequest request, out DecodeFault fault)
    {
        var reader = new FrameReader(frame.Body);
        request = ScanRequest.Read(ref reader);
        if (!Judge(reader.IsComplete, out fault))
        {
            return false;
        }

        var isPage = frame.Opcode == Opcode.ScanPage;
        if (request is { Limit: null or >= 0, LimitBytes: null or >= 0 } && (!isPage || request is { ChunkBytes: 0, Credit: 0 }))
        {
            return true;
        }

        fault = new DecodeFault(ErrorCode.InvalidArgument, "A limit is negative, or a page asks for chunks.");
        return false;
    }

    /// <summary>Reads the range of a count: u8 whether an end is given, u32 length and first key, [u32 length and end].</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="range">The range.</param>
    /// <param name="fault">Why it is refused.</param>
    /// <returns>False when it is refused.</returns>
    internal static bool TryReadCountRange(in Frame frame, out KeyRange range, out DecodeFault fault)
    {
        var reader = new FrameReader(frame.Body);
        var hasEnd = reader.ReadByte();
        if (hasEnd > 1)
        {
            reader.Fail();
        }

        var from = reader.ReadBlock();
        range = new KeyRange(from, reader.ReadOptionalBlock(hasEnd == 1));
        return Judge(reader.IsComplete, out fault);
    }

    /// <summary>Reads the credit of a stream: u32 chunks. The request id names the stream.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="chunks">How many more chunks may be sent.</param>
    /// <param name="fault">Why it is refused.</param>
    /// <returns>False when it is refused.</returns>
    internal static bool TryReadCredit(in Frame frame, out uint chunks, out DecodeFault fault)
    {
        var reader = new FrameReader(frame.Body);
        chunks = reader.ReadUInt32();
        return Judge(reader.IsComplete, out fault);
    }

    /// <summary>Reads which snapshot to close: u64 id.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="snapshot">The id.</param>
    /// <param name="fault">Why it is refused.</param>
    /// <returns>False when it is refused.</returns>
    internal static bool TryReadSnapshotClose(in Frame frame, out ulong snapshot, out DecodeFault fault)
    {
        var reader = new FrameReader(frame.Body);
        snapshot = reader.ReadUInt64();
        return Judge(reader.IsComplete, out fault);
    }

    /// <summary>Reads how many entries of the slow log are wanted: u32.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="most">The most.</param>
    /// <param name="fault">Why it is refused.</param>
    /// <returns>False when it is refused.</returns>
    internal static bool TryReadSlowLog(in Frame frame, out uint most, out DecodeFault fault)
    {
        var reader = new FrameReader(frame.Body);
        most = reader.ReadUInt32();
        return Judge(reader.IsComplete, out fault);
    }

    /// <summary>Reads which node a promotion, a transfer or a leave is about: a text.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="node">Its id or address; may be empty.</param>
    /// <param name="fault">Why it is refused.</param>
    /// <returns>False when it is refused.</returns>
    internal static bool TryReadNode(in Frame frame, out string node, out DecodeFault fault)
    {
        var reader = new FrameReader(frame.Body);
        node = reader.ReadText();
        return Judge(reader.IsComplete, out fault);
    }

    /// <summary>
    /// Judges a request without a body: ping, info, stats, compact, snapshot open, scan cancel, cluster status, position.
    /// </summary>
    /// <param name="frame">The frame.</param>
    /// <param name="fault">Why it is refused.</param>
    /// <returns>False when there is a body.</returns>
    internal static bool TryReadEmpty(in Frame frame, out DecodeFault fault) =>
        Judge(frame.Body.IsEmpty, out fault);

    private static bool TryReadCount(ref FrameReader reader, int itemBytesMin, out int count, out DecodeFault fault)
    {
        var read = reader.ReadUInt32();
        count = 0;
        if (reader.Failed || read > (uint)reader.Remaining / (uint)itemBytesMin)
        {
            fault = DecodeFault.Malformed("The count is larger than what the frame can hold.");
            return false;
        }

        if (read > Limits.BatchOperationsMax)
        {
            fault = new DecodeFault(
                ErrorCode.BatchTooLarge,
                $"{read} operations or keys in one request, the limit is {Limits.BatchOperationsMax}.");
            return false;
        }

        count = (int)read;
        fault = default;
        return true;
    }

    private static bool Judge(bool isComplete, out DecodeFault fault)
    {
        fault = isComplete ? default : DecodeFault.Malformed("The body does not have the layout of its opcode.");
        return isComplete;
    }
}
