using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Protocol.Responses;

/// <summary>
/// Responses to bytes, each a whole frame behind what the buffer already holds. The body of each begins with a u16 code;
/// with code 0 the body described at the method follows, with any other an <see cref="ErrorResponse"/>.
/// </summary>
internal static class ResponseEncoder
{
    /// <summary>Begins a response with code 0; <see cref="FrameBuffer.EndFrame"/> ends it.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="request">The opcode of the request.</param>
    /// <param name="requestId">Its id.</param>
    /// <param name="position">The position that is told beside it; none for none.</param>
    /// <returns>Where the frame begins.</returns>
    internal static int Begin(FrameBuffer target, Opcode request, uint requestId, KvsVersion position = default)
    {
        var start = target.BeginFrame(Opcodes.ResponseTo(request), requestId);
        new ResponseFields { Position = position }.Write(target, start);
        target.WriteUInt16((ushort)ErrorCode.None);
        return start;
    }

    /// <summary>Begins a response with code 0 whose position is filled in later.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="request">The opcode of the request.</param>
    /// <param name="requestId">Its id.</param>
    /// <param name="roomForPosition">Whether there is a position, which <see cref="ResponseFields.SetPosition"/> sets.</param>
    /// <returns>Where the frame begins.</returns>
    internal static int Begin(FrameBuffer target, Opcode request, uint requestId, bool roomForPosition)
    {
        var start = target.BeginFrame(Opcodes.ResponseTo(request), requestId);
        if (roomForPosition)
        {
            ResponseFields.ReservePosition(target, start);
        }

        target.WriteUInt16((ushort)ErrorCode.None);
        return start;
    }

    /// <summary>Writes the answer to a ping, compact or snapshot close: nothing behind the code.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="request">The opcode of the request.</param>
    /// <param name="requestId">Its id.</param>
    internal static void WriteOk(FrameBuffer target, Opcode request, uint requestId) =>
        target.EndFrame(Begin(target, request, requestId));

    /// <summary>
    /// Writes the answer to what went through the write path: for a get or stat its result; for another operation the
    /// version that it made (none: it changed nothing) and its result; for a batch the version, u32 count, the results;
    /// or the error.
    /// </summary>
    /// <param name="target">The buffer.</param>
    /// <param name="opcode">The opcode of the request.</param>
    /// <param name="requestId">Its id.</param>
    /// <param name="request">The request, completed.</param>
    /// <param name="resultBytes">What the values of the results lie in.</param>
    /// <param name="position">The position that is told beside it; none for none.</param>
    internal static void WriteCompleted(
        FrameBuffer target,
        Opcode opcode,
        uint requestId,
        WriteRequest request,
        ReadOnlySpan<byte> resultBytes,
        KvsVersion position = default)
    {
        if (request.Code != ErrorCode.None)
        {
            var error = ErrorResponse.From(request);
            error = error with { Fields = error.Fields with { Position = position } };
            error.WriteTo(target, opcode, requestId);
            return;
        }

        Check.That(request.Results.Count == request.Operations.Count);
        var start = Begin(target, opcode, requestId, position);
        if (Opcodes.IsWrite(opcode))
        {
            target.WriteVersion(request.Version);
        }

        if (opcode == Opcode.Batch)
        {
            target.WriteUInt32((uint)request.Results.Count);
        }

        for (var i = 0; i < request.Results.Count; i++)
        {
            var result = request.Results[i];
            ResultCodec.Write(target, in result, resultBytes);
        }

        target.EndFrame(start);
    }

    /// <summary>Writes the answer to a stat that did not need the write path.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="requestId">The id of the request.</param>
    /// <param name="result">Existed, version, expiry, length, and as number the milliseconds that it has to live.</param>
    /// <param name="position">The position that is told beside it; none for none.</param>
    internal static void WriteStat(
        FrameBuffer target, uint requestId, in OperationResult result, KvsVersion position = default)
    {
        var start = Begin(target, Opcode.Stat, requestId, position);
        ResultCodec.Write(target, in result, default);
        target.EndFrame(start);
    }

    /// <summary>Writes the answer to a count: u64 keys.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="requestId">The id of the request.</param>
    /// <param name="keys">How many keys.</param>
    /// <param name="position">The position that is told beside it; none for none.</param>
    internal static void WriteCount(FrameBuffer target, uint requestId, long keys, KvsVersion position = default)
    {
        var start = Begin(target, Opcode.Count, requestId, position);
        target.WriteInt64(keys);
        target.EndFrame(start);
    }

    /// <summary>Writes the answer to a snapshot open: u64 id, version.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="requestId">The id of the request.</param>
    /// <param name="snapshot">The id of the snapshot, not 0.</param>
    /// <param name="version">The newest version that it includes.</param>
    /// <param name="tellsPosition">Whether it stands beside the body too, as with every other answer.</param>
    internal static void WriteSnapshot(
        FrameBuffer target, uint requestId, ulong snapshot, KvsVersion version, bool tellsPosition = false)
    {
        Check.That(snapshot != 0);
        var start = Begin(target, Opcode.SnapshotOpen, requestId, tellsPosition ? version : default);
        target.WriteUInt64(snapshot);
        target.WriteVersion(version);
        target.EndFrame(start);
    }

    /// <summary>Writes the answer to a position request: version.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="requestId">The id of the request.</param>
    /// <param name="position">The position.</param>
    internal static void WritePosition(FrameBuffer target, uint requestId, KvsVersion position)
    {
        var start = Begin(target, Opcode.Position, requestId);
        target.WriteVersion(position);
        target.EndFrame(start);
    }

    /// <summary>Writes the answer to a promotion, a transfer or a leave: a text for people.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="request">The opcode of the request.</param>
    /// <param name="requestId">Its id.</param>
    /// <param name="text">What was done.</param>
    internal static void WriteText(FrameBuffer target, Opcode request, uint requestId, string text)
    {
        var start = Begin(target, request, requestId);
        target.WriteText(text);
        target.EndFrame(start);
    }

    /// <summary>Writes the answer to a cluster status request.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="requestId">The id of the request.</param>
    /// <param name="status">The cluster.</param>
    internal static void WriteClusterStatus(FrameBuffer target, uint requestId, ClusterStatus status)
    {
        var start = Begin(target, Opcode.ClusterStatus, requestId);
        ClusterStatusCodec.Write(target, status);
        target.EndFrame(start);
    }

    /// <summary>Writes the answer to a stats request.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="requestId">The id of the request.</param>
    /// <param name="stats">The figures.</param>
    internal static void WriteStats(FrameBuffer target, uint requestId, StoreStats stats)
    {
        var start = Begin(target, Opcode.Stats, requestId);
        StatsCodec.Write(target, stats);
        target.EndFrame(start);
    }

    /// <summary>Writes the answer to an info request.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="requestId">The id of the request.</param>
    /// <param name="info">What the server is.</param>
    internal static void WriteInfo(FrameBuffer target, uint requestId, ServerInfo info)
    {
        var start = Begin(target, Opcode.Info, requestId);
        ServerInfoCodec.Write(target, info);
        target.EndFrame(start);
    }
}
