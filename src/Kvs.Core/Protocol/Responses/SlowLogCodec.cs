using System.Buffers.Binary;
using Kvs.Core.Operations;

namespace Kvs.Core.Protocol.Responses;

/// <summary>The slow log: <code>u32 count, then each as <see cref="NamedValues"/></code>, the newest first.</summary>
internal static class SlowLogCodec
{
    /// <summary>Bytes of one entry, at most.</summary>
    internal const int EntryBytesMax = 1024;

    /// <summary>Writes the answer.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="requestId">The id of the request.</param>
    /// <param name="entries">The entries.</param>
    internal static void Write(FrameBuffer target, uint requestId, IReadOnlyList<SlowRequest> entries)
    {
        var start = ResponseEncoder.Begin(target, Opcode.SlowLog, requestId);
        target.WriteUInt32((uint)entries.Count);
        foreach (var entry in entries)
        {
            WriteEntry(target, entry);
        }

        target.EndFrame(start);
    }

    /// <summary>Reads it; what is missing is empty.</summary>
    /// <param name="body">The body behind the code.</param>
    /// <param name="entries">The entries.</param>
    /// <returns>False when it is malformed.</returns>
    internal static bool TryRead(ReadOnlyMemory<byte> body, out IReadOnlyList<SlowRequest> entries)
    {
        var reader = new FrameReader(body);
        var read = new List<SlowRequest>();
        var count = reader.ReadUInt32();
        for (var i = 0U; i < count && !reader.Failed; i++)
        {
            read.Add(EntryOf(NamedValues.Read(ref reader)));
        }

        entries = read;
        return reader.IsComplete;
    }

    private static void WriteEntry(FrameBuffer target, SlowRequest entry)
    {
        var countAt = target.Length;
        target.WriteUInt16(0);
        var count = NamedValues.Write(target, "id", entry.Id)
            + NamedValues.Write(target, "at_ms", entry.At.ToUnixTimeMilliseconds())
            + NamedValues.Write(target, "micros", (long)entry.Duration.TotalMicroseconds)
            + NamedValues.Write(target, "operation", entry.Operation)
            + NamedValues.Write(target, "result", entry.Result)
            + NamedValues.Write(target, "key", entry.Key)
            + NamedValues.Write(target, "key_bytes", entry.KeyBytes)
            + NamedValues.Write(target, "bytes", entry.Bytes)
            + NamedValues.Write(target, "requests", entry.Requests)
            + NamedValues.Write(target, "door", entry.Door)
            + NamedValues.Write(target, "client", entry.Client);
        BinaryPrimitives.WriteUInt16LittleEndian(target.Patch(countAt, sizeof(ushort)), (ushort)count);
    }

    private static SlowRequest EntryOf(Dictionary<string, NamedValue> values) => new()
    {
        Id = values.GetValueOrDefault("id").Number,
        At = WireTime.ToInstant(values.GetValueOrDefault("at_ms").Number),
        Duration = TimeSpan.FromMicroseconds(Math.Clamp(values.GetValueOrDefault("micros").Number, 0, MicrosMax)),
        Operation = values.GetValueOrDefault("operation").Text ?? "",
        Result = values.GetValueOrDefault("result").Text ?? "",
        Key = values.GetValueOrDefault("key").Text ?? "",
        KeyBytes = values.GetValueOrDefault("key_bytes").Number,
        Bytes = values.GetValueOrDefault("bytes").Number,
        Requests = values.GetValueOrDefault("requests").Number,
        Door = values.GetValueOrDefault("door").Text ?? "",
        Client = values.GetValueOrDefault("client").Text ?? "",
    };

    private static long MicrosMax => TimeSpan.MaxValue.Ticks / TimeSpan.TicksPerMicrosecond;
}
