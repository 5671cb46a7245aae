using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Protocol.Responses;

/// <summary>
/// Bodies of responses to the types of Operations. Each method but the first reads what stands behind the code and gives
/// false for a body that is malformed: the peer broke the protocol. Values are slices of the body.
/// </summary>
internal static class ResponseDecoder
{
    /// <summary>Reads the code.</summary>
    /// <param name="frame">A response.</param>
    /// <param name="code">The code; when it is not none, the whole body is an <see cref="ErrorResponse"/>.</param>
    /// <param name="body">The body behind the code.</param>
    /// <returns>False when it is malformed.</returns>
    internal static bool TryReadCode(in Frame frame, out ErrorCode code, out ReadOnlyMemory<byte> body)
    {
        var reader = new FrameReader(frame.Body);
        code = (ErrorCode)reader.ReadUInt16();
        body = frame.Body[reader.Position..];
        return !reader.Failed;
    }

    /// <summary>Reads the answer to a get or stat.</summary>
    /// <param name="body">The body behind the code.</param>
    /// <param name="result">The result; its value offset counts from the beginning of the body.</param>
    internal static bool TryReadResult(ReadOnlyMemory<byte> body, out OperationResult result)
    {
        var reader = new FrameReader(body);
        result = ResultCodec.Read(ref reader);
        return reader.IsComplete;
    }

    /// <summary>Reads the answer to a single write.</summary>
    /// <param name="body">The body behind the code.</param>
    /// <param name="version">The version that it made; none when it changed nothing.</param>
    /// <param name="result">The result; its value offset counts from the beginning of the body.</param>
    internal static bool TryReadWrite(ReadOnlyMemory<byte> body, out KvsVersion version, out OperationResult result)
    {
        var reader = new FrameReader(body);
        version = reader.ReadVersion();
        result = ResultCodec.Read(ref reader);
        return reader.IsComplete;
    }

    /// <summary>Reads the answer to a batch.</summary>
    /// <param name="body">The body behind the code.</param>
    /// <param name="version">The version that it made; none when it changed nothing.</param>
    /// <param name="results">The results; value offsets count from the beginning of the body.</param>
    internal static bool TryReadBatch(ReadOnlyMemory<byte> body, out KvsVersion version, out List<OperationResult> results)
    {
        var reader = new FrameReader(body);
        version = reader.ReadVersion();
        return TryReadResults(ref reader, out results);
    }

    /// <summary>Reads the answer to a get-many: u32 count, then the results.</summary>
    /// <param name="body">The body behind the code.</param>
    /// <param name="results">The results; value offsets count from the beginning of the body.</param>
    internal static bool TryReadGetMany(ReadOnlyMemory<byte> body, out List<OperationResult> results)
    {
        var reader = new FrameReader(body);
        return TryReadResults(ref reader, out results);
    }

    /// <summary>Reads the answer to a count.</summary>
    /// <param name="body">The body behind the code.</param>
    /// <param name="keys">How many keys.</param>
    internal static bool TryReadCount(ReadOnlyMemory<byte> body, out long keys)
    {
        var reader = new FrameReader(body);
        keys = reader.ReadInt64();
        return reader.IsComplete && keys >= 0;
    }

    /// <summary>Reads the answer to a snapshot open.</summary>
    /// <param name="body">The body behind the code.</param>
    /// <param name="snapshot">The id of the snapshot.</param>
    /// <param name="version">The newest version that it includes.</param>
    internal static bool TryReadSnapshot(ReadOnlyMemory<byte> body, out ulong snapshot, out KvsVersion version)
    {
        var reader = new FrameReader(body);
        snapshot = reader.ReadUInt64();
        version = reader.ReadVersion();
        return reader.IsComplete && snapshot != 0;
    }

    /// <summary>Reads the answer to a position request.</summary>
    /// <param name="body">The body behind the code.</param>
    /// <param name="position">The position.</param>
    internal static bool TryReadPosition(ReadOnlyMemory<byte> body, out KvsVersion position)
    {
        var reader = new FrameReader(body);
        position = reader.ReadVersion();
        return reader.IsComplete;
    }

    /// <summary>Reads the answer to a promotion, a transfer or a leave.</summary>
    /// <param name="body">The body behind the code.</param>
    /// <param name="text">What was done.</param>
    internal static bool TryReadText(ReadOnlyMemory<byte> body, out string text)
    {
        var reader = new FrameReader(body);
        text = reader.ReadText();
        return reader.IsComplete;
    }

    private static bool TryReadResults(ref FrameReader reader, out List<OperationResult> results)
    {
        results = [];
        var count = reader.ReadUInt32();

        // Each result has at least its byte of flags: a count that cannot be is refused before room is made for it.
        if (reader.Failed || count > (uint)reader.Remaining)
        {
            return false;
        }

        for (var i = 0; i < count && !reader.Failed; i++)
        {
            results.Add(ResultCodec.Read(ref reader));
        }

        return reader.IsComplete;
    }
}
