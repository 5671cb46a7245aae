using Kvs.Core.Operations;

namespace Kvs.Core.Protocol.Requests;

/// <summary>Requests to bytes, each a whole frame behind what the buffer already holds.</summary>
internal static class RequestEncoder
{
    /// <summary>Writes one operation as a request of its own.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="requestId">The id.</param>
    /// <param name="fields">The optional fields.</param>
    /// <param name="operation">Any for which <see cref="Opcodes.Of"/> holds.</param>
    internal static void WriteOperation(FrameBuffer target, uint requestId, in RequestFields fields, in Operation operation)
    {
        var start = target.BeginFrame(Opcodes.Of(operation.Kind), requestId);
        var flags = fields.Write(target);
        OperationCodec.Write(target, in operation);
        target.EndFrame(start, flags);
    }

    /// <summary>Writes a batch.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="requestId">The id.</param>
    /// <param name="fields">The optional fields.</param>
    /// <param name="operations">The operations, in order.</param>
    internal static void WriteBatch(FrameBuffer target, uint requestId, in RequestFields fields, IReadOnlyList<Operation> operations)
    {
        var start = target.BeginFrame(Opcode.Batch, requestId);
        var flags = fields.Write(target);
        target.WriteUInt32((uint)operations.Count);
        for (var i = 0; i < operations.Count; i++)
        {
            var operation = operations[i];
            target.WriteByte((byte)operation.Kind);
            OperationCodec.Write(target, in operation);
        }

        target.EndFrame(start, flags);
    }

    /// <summary>Writes a get-many.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="requestId">The id.</param>
    /// <param name="fields">The optional fields.</param>
    /// <param name="keys">The keys.</param>
    internal static void WriteGetMany(FrameBuffer target, uint requestId, in RequestFields fields, IReadOnlyList<KvsKey> keys)
    {
        var start = target.BeginFrame(Opcode.GetMany, requestId);
        var flags = fields.Write(target);
        target.WriteUInt32((uint)keys.Count);
        for (var i = 0; i < keys.Count; i++)
        {
            target.WriteBlock(keys[i].Bytes.Span);
        }

        target.EndFrame(start, flags);
    }

    /// <summary>Writes a scan page or a streamed scan.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="opcode">Which of the two.</param>
    /// <param name="requestId">The id.</param>
    /// <param name="fields">The optional fields.</param>
    /// <param name="request">What is asked for.</param>
    internal static void WriteScan(FrameBuffer target, Opcode opcode, uint requestId, in RequestFields fields, in ScanRequest request)
    {
        var start = target.BeginFrame(opcode, requestId);
        var flags = fields.Write(target);
        request.Write(target);
        target.EndFrame(start, flags);
    }

    /// <summary>Writes a count.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="requestId">The id.</param>
    /// <param name="fields">The optional fields.</param>
    /// <param name="range">The range.</param>
    internal static void WriteCount(FrameBuffer target, uint requestId, in RequestFields fields, in KeyRange range)
    {
        var start = target.BeginFrame(Opcode.Count, requestId);
        var flags = fields.Write(target);
        target.WriteByte(range.To is null ? (byte)0 : (byte)1);
        target.WriteBlock(range.From.Span);
        if (range.To is { } to)
        {
            target.WriteBlock(to.Span);
        }

        target.EndFrame(start, flags);
    }

    /// <summary>Writes more credit for a stream.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="requestId">The id of the stream.</param>
    /// <param name="chunks">How many more chunks may be sent.</param>
    internal static void WriteCredit(FrameBuffer target, uint requestId, uint chunks)
    {
        var start = target.BeginFrame(Opcode.ScanCredit, requestId);
        target.WriteUInt32(chunks);
        target.EndFrame(start);
    }

    /// <summary>Writes which snapshot to close.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="requestId">The id.</param>
    /// <param name="fields">The optional fields.</param>
    /// <param name="snapshot">The snapshot.</param>
    internal static void WriteSnapshotClose(FrameBuffer target, uint requestId, in RequestFields fields, ulong snapshot)
    {
        var start = target.BeginFrame(Opcode.SnapshotClose, requestId);
        var flags = fields.Write(target);
        target.WriteUInt64(snapshot);
        target.EndFrame(start, flags);
    }

    /// <summary>Writes how many entries of the slow log are wanted.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="requestId">The id.</param>
    /// <param name="fields">The optional fields.</param>
    /// <param name="most">The most.</param>
    internal static void WriteSlowLog(FrameBuffer target, uint requestId, in RequestFields fields, uint most)
    {
        var start = target.BeginFrame(Opcode.SlowLog, requestId);
        var flags = fields.Write(target);
        target.WriteUInt32(most);
        target.EndFrame(start, flags);
    }

    /// <summary>Writes which node a promotion, a transfer or a leave is about.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="opcode">Which of the three.</param>
    /// <param name="requestId">The id.</param>
    /// <param name="fields">The optional fields.</param>
    /// <param name="node">Its id or address; may be empty.</param>
    internal static void WriteNode(FrameBuffer target, Opcode opcode, uint requestId, in RequestFields fields, string node)
    {
        var start = target.BeginFrame(opcode, requestId);
        var flags = fields.Write(target);
        target.WriteText(node);
        target.EndFrame(start, flags);
    }

    /// <summary>
    /// Writes a request without a body: ping, info, stats, compact, snapshot open, scan cancel, cluster status, position.
    /// </summary>
    /// <param name="target">The buffer.</param>
    /// <param name="opcode">The opcode.</param>
    /// <param name="requestId">The id.</param>
    /// <param name="fields">The optional fields.</param>
    internal static void WriteEmpty(FrameBuffer target, Opcode opcode, uint requestId, in RequestFields fields)
    {
        var start = target.BeginFrame(opcode, requestId);
        target.EndFrame(start, fields.Write(target));
    }
}
